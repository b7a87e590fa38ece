import { TERMINAL_STATUSES, type TaskRow } from '../../contract/task.ts';
import { check, MERGED, type Violation, type ViolationKind } from './check.ts';
import type { Evidence } from './evidence.ts';
import type { Sighting } from './history.ts';

export interface Phases {
  /** In milliseconds since 1970, as rows have it. */
  readonly beganAt: number;
  /** In milliseconds since the beginning. */
  readonly faultsEndedAtMs: number;
}

export interface Report {
  readonly seed: number;
  readonly tasks: number;
  readonly instances: number;
  /** How many tasks ended how, e.g. `FAILED WEBUI_ERROR`. */
  readonly fates: Readonly<Record<string, number>>;
  /** How many tasks took how many attempts. */
  readonly attempts: Readonly<Record<number, number>>;
  /** Attempts that ended badly, that were handed back, and messages beyond the first. */
  readonly failures: number;
  readonly releases: number;
  readonly rungAgain: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly chaosSeconds: number;
  /** From the end of the faults to the end of the last task; 0: all had ended before. */
  readonly recoverySeconds: number;
  readonly submitToEndSeconds: Spread;
  /** From a task's end to the moment its watchers knew. */
  readonly endToToldSeconds: Spread;
  readonly watchers: number;
  readonly sightings: number;
  readonly violations: Readonly<Record<ViolationKind, number>>;
  readonly details: readonly (Violation & { readonly timeline: readonly string[] })[];
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface ReportOptions {
  readonly seed: number;
  readonly instances: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly phases: Phases;
}

const KINDS: readonly ViolationKind[] = [
  'lost',
  'doubled',
  'rewritten',
  'wrong image',
  'wrong end',
  'cancel ignored',
  'left waiting',
  'told wrong',
  'shown to others',
  'refused',
  'left over',
];

export const toReport = (evidence: Evidence, { seed, instances, faults, phases }: ReportOptions): Report => {
  const rows = [...evidence.rows.values()];
  const violations = check(evidence);
  const { beganAt, faultsEndedAtMs } = phases;
  const lastEndMs = Math.max(0, ...rows.map(({ finishedAt = 0 }) => finishedAt - beganAt));
  const waits = rows.flatMap(({ createdAt, finishedAt }) =>
    finishedAt === undefined ? [] : [(finishedAt - createdAt) / 1000],
  );
  const delays = evidence.sightings.flatMap(({ taskId, source, isTerminal, atMs }) => {
    const endedAt = evidence.rows.get(taskId)?.finishedAt;
    const isWatcher = isTerminal && MERGED.includes(source);
    return isWatcher && endedAt !== undefined ? [(beganAt + atMs - endedAt) / 1000] : [];
  });
  return {
    ...{ seed, instances, faults, tasks: evidence.tasks.length },
    fates: countBy(rows.map(fateOf)),
    attempts: countBy(rows.map(({ attempt }) => attempt)),
    failures: sum(rows.map(({ failures }) => failures)),
    releases: sum(rows.map(({ releases }) => releases)),
    rungAgain: sum(rows.map(({ dispatch }) => Math.max(0, dispatch - 1))),
    chaosSeconds: faultsEndedAtMs / 1000,
    recoverySeconds: Math.max(0, lastEndMs - faultsEndedAtMs) / 1000,
    submitToEndSeconds: toSpread(waits),
    endToToldSeconds: toSpread(delays),
    watchers: sum(evidence.lives.map(({ watchers }) => watchers.length)),
    sightings: evidence.sightings.length,
    violations: { ...zeros(), ...countBy(violations.map(({ kind }) => kind)) },
    details: violations.map((violation) => ({
      ...violation,
      timeline: toTimeline(evidence, violation.taskId),
    })),
  };
};

export const hasViolations = ({ details }: Report): boolean => details.length > 0;

const fateOf = ({ status, error }: TaskRow): string =>
  TERMINAL_STATUSES.includes(status) ? `${status}${error ? ` ${error.code}` : ''}` : `still ${status}`;

const zeros = (): Record<ViolationKind, number> =>
  Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<ViolationKind, number>;

const countBy = <K extends string | number>(keys: readonly K[]): Record<K, number> => {
  const counts = {} as Record<K, number>;
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const toSpread = (numbers: readonly number[]): Spread => {
  const sorted = [...numbers].sort((left, right) => left - right);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
};

const toSpreadText = ({ p50, p95, max }: Spread): string =>
  `p50 ${p50.toFixed(1)} s, p95 ${p95.toFixed(1)} s, longest ${max.toFixed(1)} s`;

/** What everybody saw of the task, one line for what each of them saw first, and its row at the end. */
const toTimeline = ({ sightings, rows, tasks }: Evidence, taskId: string | undefined): readonly string[] => {
  if (taskId === undefined) return [];
  const { input, cancel, isTwice } = tasks.find(({ id }) => id === taskId) ?? {};
  const { request: _request, ...row } = rows.get(taskId) ?? {};
  const firsts = new Map<string, Sighting>();
  for (const sighting of sightings.filter((candidate) => candidate.taskId === taskId)) {
    const key = `${sighting.viewer} ${sighting.source} ${sighting.version}`;
    if (!firsts.has(key)) firsts.set(key, sighting);
  }
  return [
    `submitted ${JSON.stringify({ input, cancel, isTwice }).slice(0, 300)}`,
    ...[...firsts.values()].map(toLine),
    `row ${JSON.stringify(row)}`,
  ];
};

const toLine = ({ atMs, viewer, source, version, status, attempt, code }: Sighting): string =>
  `+${(atMs / 1000).toFixed(2)} s  ${viewer} ${source.padEnd(7)} v${version} ${status} attempt ${attempt} ${code ?? ''}`;

export const toText = (report: Report): string => {
  const { violations } = report;
  const lines = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
      .map(([name, count]) => `  ${name.padEnd(32)}${count}`)
      .join('\n');
  return `
seed ${report.seed}: ${report.tasks} tasks on ${report.instances} instances

how they ended
${lines(report.fates)}
after attempts
${lines(report.attempts)}
  failures ${report.failures}, handed back ${report.releases}, rung again ${report.rungAgain}
faults
${lines(report.faults)}
times
  chaos                           ${report.chaosSeconds.toFixed(1)} s
  from its end to the last task's ${report.recoverySeconds.toFixed(1)} s
  submit → end                    ${toSpreadText(report.submitToEndSeconds)}
  end → told                      ${toSpreadText(report.endToToldSeconds)}
  ${report.watchers} watchers, ${report.sightings} snapshots seen
violations
${lines(violations)}
${report.details.map(toViolationText).join('')}`;
};

const toViolationText = ({ kind, taskId, what, timeline }: Report['details'][number]): string =>
  `\n${kind.toUpperCase()} ${taskId ?? ''}: ${what}\n${timeline.map((line) => `    ${line}\n`).join('')}`;
