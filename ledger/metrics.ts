import { METRICS, METRICS_DIMENSION, METRICS_NAMESPACE, type MetricName } from '../contract/metrics.ts';

export type MetricValues = { readonly [Name in MetricName]?: number };

/** What Logs Insights can ask for beside the values: `taskId`, `attempt`, `code`. Never a prompt. */
export type MetricProperties = Readonly<Record<string, string | number>>;

export interface Metrics {
  /** Writes what happened at once as one line. */
  readonly record: (values: MetricValues, properties?: MetricProperties) => void;
}

export interface MetricsOptions {
  /** Absent where no worker measures. */
  readonly workerId?: string;
  /** Whose instance this is. Without one the metrics have no dimension. */
  readonly group?: string;
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/**
 * Metrics as log lines in CloudWatch's embedded metric format (CloudWatch user guide, "Specification: Embedded metric
 * format"): nothing is sent, and no call can fail while a task is worked on.
 *
 * Written here because the packages do more and know less: aws-embedded-metrics probes the instance's metadata when it is
 * imported and opens a socket of its own; powertools collects into one store, while here a task is finished as the next
 * one begins.
 */
export const createMetrics = ({ workerId, group, write, wallClock }: MetricsOptions): Metrics => {
  const dimensions = group === undefined ? {} : { [METRICS_DIMENSION]: group };
  return {
    record: (values, properties = {}) => {
      const measured = toMeasured(values);
      if (measured.length === 0) return;
      const directive = {
        Namespace: METRICS_NAMESPACE,
        Dimensions: [Object.keys(dimensions)],
        Metrics: measured.map(([Name]) => ({ Name, Unit: METRICS[Name] })),
      };
      const line = {
        ...properties,
        ...(workerId !== undefined && { workerId }),
        ...dimensions,
        ...Object.fromEntries(measured),
        _aws: { Timestamp: Math.round(wallClock()), CloudWatchMetrics: [directive] },
      };
      write(`${JSON.stringify(line)}\n`);
    },
  };
};

/** CloudWatch throws a whole line away for one value that is no number. */
const toMeasured = (values: MetricValues): [MetricName, number][] =>
  (Object.entries(values) as [MetricName, number][]).filter(([, value]) => Number.isFinite(value));
