import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/* The fleet's simulator as people run it, some hours of it. Figures are compared with others of the same run. */

interface Result {
  readonly policy: string;
  readonly p95: number;
  readonly longest: number;
  readonly gpuHours: number;
  readonly cost: number;
}

interface Report {
  readonly trace: string;
  readonly workHours: number;
  readonly results: readonly Result[];
  readonly bound?: { readonly atP95: number; readonly atAll: number };
}

const run = promisify(execFile);
const simulate = async (...options: string[]): Promise<readonly Report[]> => {
  const { stdout } = await run(process.execPath, [
    'bench/fleet/main.ts',
    '--json',
    '--hours',
    '12',
    ...options,
  ]);
  return (JSON.parse(stdout) as { reports: readonly Report[] }).reports;
};

const by = ({ results }: Report, policy: string): Result => {
  const result = results.find((one) => one.policy === policy);
  if (!result) throw new Error(`${policy} did not run`);
  return result;
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const hours = (reports: readonly Report[], policy: string): number =>
  sum(reports.map((report) => by(report, policy).gpuHours));

const RIVALS = ['step-scaling', 'target-tracking', 'queue-length', 'always-on'];
const POLICIES = ['ours', ...RIVALS].flatMap((policy) => ['--policy', policy]);

describe('the policy, on traces that it was not tuned by', () => {
  it('costs less than every other, and far less than step scaling where nobody comes at night', async () => {
    const traces = ['diurnal-4', 'dead-nights-3', 'dead-nights-4'].flatMap((trace) => ['--trace', trace]);
    const reports = await simulate(...traces, ...POLICIES);
    expect(reports).toHaveLength(3);
    for (const rival of RIVALS) expect(hours(reports, 'ours')).toBeLessThan(hours(reports, rival));
    const nights = reports.filter(({ trace }) => trace.startsWith('dead-nights'));
    expect(hours(nights, 'ours')).toBeLessThan(0.7 * hours(nights, 'step-scaling'));
    for (const report of reports) expect(by(report, 'ours').gpuHours).toBeGreaterThan(report.workHours);
  }, 60_000);

  it('makes waits shorter and costs more as the target sinks', async () => {
    const at = (target: string) => simulate('--trace', 'diurnal-4', '--policy', 'ours', '--target', target);
    const runs = await Promise.all(['300', '120', '60'].map(at));
    const ours = runs.flatMap((reports) => reports.map((report) => by(report, 'ours')));
    const waits = ours.map(({ p95 }) => p95);
    const costs = ours.map(({ cost }) => cost);
    expect(waits).toEqual(waits.toSorted((left, right) => right - left));
    expect(costs).toEqual(costs.toSorted((left, right) => left - right));
    expect(waits[2]).toBeLessThan(0.6 * (waits[0] ?? 0));
  }, 60_000);

  it('is near what the clairvoyant pays at least, and nobody is below', async () => {
    const [report] = await simulate('--trace', 'dead-nights-4', '--policy', 'ours', '--policy', 'bound');
    const { gpuHours } = report ? by(report, 'ours') : { gpuHours: Number.NaN };
    expect(gpuHours).toBeGreaterThanOrEqual(report?.bound?.atAll ?? Infinity);
    expect(gpuHours).toBeLessThan(1.5 * (report?.bound?.atAll ?? 0));
    expect(report?.bound?.atAll).toBeGreaterThanOrEqual(report?.bound?.atP95 ?? Infinity);
  }, 60_000);
});

describe('the simulator', () => {
  it('says the same for the same seed', async () => {
    const options = [
      '--trace',
      'spot-storm-3',
      '--policy',
      'ours',
      '--policy',
      'step-scaling',
      '--seed',
      '5',
    ];
    expect(await simulate(...options)).toEqual(await simulate(...options));
  }, 60_000);

  it('says what it does not understand, and ends with 2', async () => {
    const refused = run(process.execPath, ['bench/fleet/main.ts', '--trace', 'sunny']);
    await expect(refused).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('sunny is none of'),
    });
  });
});
