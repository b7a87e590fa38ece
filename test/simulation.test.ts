import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TRANSITIONS } from '../contract/transitions.ts';
import { CALL_FAULTS, WEBUI_FAULTS } from './simulation/scenario.ts';

/* The simulation as people run it, some seconds of it. The resolvers' modules need a process of their own. */

const simulate = async (...options: string[]): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['test/simulation/main.ts', '--json', ...options],
    { maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as unknown;
};

interface Report {
  readonly histories: number;
  readonly injected: Readonly<Record<string, number>>;
  readonly ends: Readonly<Record<string, number>>;
  readonly transitions: Readonly<Record<string, number>>;
  readonly broken: object | null;
}

describe('the simulation', () => {
  it('breaks no invariant, though everything goes wrong and every event happens', async () => {
    const report = (await simulate('--histories', '2500', '--seed', '2026')) as Report;
    expect(report.broken).toBeNull();
    expect(report.histories).toBe(2500);
    const faults = [...CALL_FAULTS, ...WEBUI_FAULTS.map((kind) => `webui-${kind}`)];
    expect(Object.keys(report.injected).sort()).toEqual([...faults].sort());
    expect(Object.keys(report.ends).sort()).toEqual(['CANCELED', 'EXPIRED', 'FAILED', 'SUCCEEDED']);
    const events = new Set(Object.keys(report.transitions).map((name) => name.split(':')[0]));
    expect([...events].sort()).toEqual(Object.keys(TRANSITIONS).sort());
  }, 120_000);

  it('notices every bug that is planted', async () => {
    const { mutants } = (await simulate('--mutants')) as {
      mutants: { name: string; invariant: string | null }[];
    };
    expect(mutants.length).toBeGreaterThanOrEqual(12);
    expect(mutants.filter(({ invariant }) => invariant === null)).toEqual([]);
  }, 180_000);

  it('says the history that broke something, as small as it gets, so that it can be played again', async () => {
    const history = {
      seed: 1,
      workers: [{ clockOffsetMs: 0, clockRate: 1 }],
      tasks: [],
      callFaults: [],
      webuiFaults: [],
      maxReceiveCount: 30,
      cutsAtMs: [],
      drainsAtMs: [],
    };
    const run = promisify(execFile)(process.execPath, ['test/simulation/main.ts', '--replay', '-']);
    run.child.stdin?.end(JSON.stringify(history));
    expect((await run).stdout).toContain('No invariant was broken.');
  });
});
