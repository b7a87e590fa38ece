import type { Bound, Result } from './run.ts';

/** What there is to say of one trace. */
export interface TraceReport {
  readonly trace: string;
  readonly half: 'train' | 'test';
  readonly tasks: number;
  readonly workHours: number;
  readonly bootSeconds: number;
  readonly results: readonly Result[];
  /** Of ours; absent unless asked for. */
  readonly bound?: Bound;
  /** Ours, where its target makes it no slower than step scaling at its p95; absent unless asked for, or where none does. */
  readonly oursAsFast?: Result & { readonly targetWaitSeconds: number };
}

export const toTable = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const whole = (value: number): string => value.toFixed(0);

/** Everything about one trace. */
export const describeTrace = ({ trace, tasks, workHours, bootSeconds, ...rest }: TraceReport): string => {
  const { results, bound, oursAsFast } = rest;
  const rows = [...results, ...(oursAsFast ? [oursAsFast] : [])].map((result) => [
    result === oursAsFast ? `ours, target ${oursAsFast.targetWaitSeconds} s` : result.policy,
    ...[result.p50, result.p95, result.p99, result.longest].map(whole),
    result.gpuHours.toFixed(1),
    result.cost.toFixed(2),
    whole(result.launches),
    whole(result.most),
    whole(result.restartedBySpot),
    whole(result.restartedByScaleIn),
  ]);
  const header = [
    '',
    'p50 s',
    'p95 s',
    'p99 s',
    'longest',
    'GPU-h',
    '$',
    'launches',
    'most',
    'by spot',
    'by scale-in',
  ];
  const bounds = bound
    ? `\nbound for the p95 of ours: ${bound.atP95.toFixed(1)} GPU-h; for its p99 and longest wait besides: ${bound.atAll.toFixed(1)}`
    : '';
  return `${trace}: ${tasks} tasks, ${workHours.toFixed(1)} GPU-h of work, boot ${whole(bootSeconds)} s
${toTable([header, ...rows])}${bounds}
`;
};

export interface Summary {
  readonly traces: number;
  /** GPU-hours of ours to the bound at its p95, and at its p95, p99 and longest wait. */
  readonly toBound?: { readonly median: number; readonly worst: number };
  readonly toBoundAtAll?: { readonly median: number; readonly worst: number };
  /** GPU-hours of ours to those of step scaling, all traces together … */
  readonly toStepScaling?: number;
  /** … and on how many its p95 is no worse. */
  readonly fasterThanStepScaling?: number;
  /** The same where its target makes it as fast, and by the trace. */
  readonly asFastToStepScaling?: { readonly all: number; readonly median: number; readonly traces: number };
}

export const summarize = (reports: readonly TraceReport[]): Summary => {
  const of = ({ results }: TraceReport, name: Result['policy']): Result[] =>
    results.filter(({ policy }) => policy === name);
  const ratios = (pick: (bound: Bound) => number): number[] =>
    reports.flatMap((report) =>
      of(report, 'ours').flatMap(({ gpuHours }) => (report.bound ? [gpuHours / pick(report.bound)] : [])),
    );
  const spread = (values: readonly number[]) => ({ median: median(values), worst: Math.max(...values) });
  const [atP95, atAll] = [ratios((bound) => bound.atP95), ratios((bound) => bound.atAll)];
  const pairs = reports.flatMap((report) => {
    const [ours] = of(report, 'ours');
    const [step] = of(report, 'step-scaling');
    return ours && step ? [{ ours, step, asFast: report.oursAsFast }] : [];
  });
  const comparable = pairs.flatMap(({ step, asFast }) => (asFast ? [{ step, asFast }] : []));
  const sum = (results: readonly Result[]): number =>
    results.reduce((total, { gpuHours }) => total + gpuHours, 0);
  return {
    traces: reports.length,
    ...(atP95.length > 0 && { toBound: spread(atP95), toBoundAtAll: spread(atAll) }),
    ...(pairs.length > 0 && {
      toStepScaling: sum(pairs.map(({ ours }) => ours)) / sum(pairs.map(({ step }) => step)),
      fasterThanStepScaling: pairs.filter(({ ours, step }) => ours.p95 <= step.p95).length,
    }),
    ...(comparable.length > 0 && {
      asFastToStepScaling: {
        all: sum(comparable.map(({ asFast }) => asFast)) / sum(comparable.map(({ step }) => step)),
        median: median(comparable.map(({ asFast, step }) => asFast.gpuHours / step.gpuHours)),
        traces: comparable.length,
      },
    }),
  };
};

/** Of an even number the middle of the two in the middle. */
const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const [lower, upper] = [Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2)];
  return ((sorted[lower] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2;
};

/** One line per trace: how ours stands. */
export const describeRatios = (reports: readonly TraceReport[]): string => {
  const rows = reports.flatMap(({ trace, half, results, bound, oursAsFast }) => {
    const ours = results.find(({ policy }) => policy === 'ours');
    const step = results.find(({ policy }) => policy === 'step-scaling');
    if (!ours) return [];
    const ratio = (hours: number | undefined): string =>
      hours === undefined ? '–' : (ours.gpuHours / hours).toFixed(2);
    return [
      [
        ...[trace, half, whole(ours.p95), ours.gpuHours.toFixed(1), ours.cost.toFixed(2)],
        ...[ratio(bound?.atP95), ratio(bound?.atAll)],
        ...[step ? whole(step.p95) : '–', ratio(step?.gpuHours)],
        ...(oursAsFast && step
          ? [whole(oursAsFast.targetWaitSeconds), (oursAsFast.gpuHours / step.gpuHours).toFixed(2)]
          : ['–', '–']),
      ],
    ];
  });
  const header = [
    ...['ours', 'half', 'p95 s', 'GPU-h', '$', '÷ bound', '÷ bound at all', 'step p95', '÷ step'],
    ...['target to be as fast', '÷ step'],
  ];
  return toTable([header, ...rows]);
};

export const describeSummary = (summary: Summary): string => {
  const { traces, toBound, toBoundAtAll, toStepScaling, asFastToStepScaling, fasterThanStepScaling } =
    summary;
  const lines = [
    toBound &&
      `to the bound at its p95: median ${toBound.median.toFixed(2)}, worst ${toBound.worst.toFixed(2)}`,
    toBoundAtAll &&
      `to the bound at its p95, p99 and longest wait: median ${toBoundAtAll.median.toFixed(2)}, worst ${toBoundAtAll.worst.toFixed(2)}`,
    toStepScaling !== undefined &&
      `to step scaling: ${toStepScaling.toFixed(2)}, with a p95 no worse on ${fasterThanStepScaling} of ${traces} traces`,
    asFastToStepScaling &&
      `to step scaling, at a target that makes its p95 no worse: ${asFastToStepScaling.all.toFixed(2)}, median ${asFastToStepScaling.median.toFixed(2)}, on ${asFastToStepScaling.traces} of ${traces} traces`,
  ];
  return `GPU-hours of ours\n${lines.flatMap((line) => (line ? [`  ${line}`] : [])).join('\n')}`;
};
