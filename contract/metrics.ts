/** What is counted and timed, as CloudWatch shows it. Alarms and dashboards use these names. */
export const METRICS_NAMESPACE = 'SdAsync';

/**
 * The one dimension: CloudWatch bills each combination of values as a metric of its own, so that a task's id or an
 * instance's would cost more than the GPU. They are properties of the log line, where Logs Insights finds them.
 */
export const METRICS_DIMENSION = 'AutoScalingGroup';

/** By name, in CloudWatch's units. */
export const METRICS = {
  /** Ends of tasks. Why one failed is the property `code`. */
  TaskSucceeded: 'Count',
  TaskFailed: 'Count',
  TaskCanceled: 'Count',
  /** No worker took it in time. */
  TaskExpired: 'Count',
  /** Ends of attempts that the task outlived: another try, handed back by a drain, taken over by somebody else. */
  AttemptRetried: 'Count',
  AttemptReleased: 'Count',
  AttemptLost: 'Count',
  /** From submitted, or due again, to claimed. */
  QueueSeconds: 'Seconds',
  InferenceSeconds: 'Seconds',
  StoreSeconds: 'Seconds',
  /** From the end of one generation to the beginning of the next, while there was work: the GPU stands still. */
  GapSeconds: 'Seconds',
  WebuiRestarts: 'Count',
  /** Of a fleet, once a pass: what waits, what it amounts to on one GPU, and how long the oldest has waited. */
  QueuedTasks: 'Count',
  BacklogSeconds: 'Seconds',
  OldestSeconds: 'Seconds',
  DesiredCapacity: 'Count',
  BusyInstances: 'Count',
  /** Launched for a while, or asked for, and not ready. */
  BootingInstances: 'Count',
  /** Asked for at the last pass already, and not launched: no capacity, or no quota. */
  MissingInstances: 'Count',
  /** Of which no worker has become ready in three times the usual boot. */
  OverdueInstances: 'Count',
  /** Passes that did not know enough to decide, and raises that Auto Scaling refused. */
  UnknownDecisions: 'Count',
  RefusedRaises: 'Count',
  /** Boots, launch to ready. */
  BootSeconds: 'Seconds',
} as const;

export type MetricName = keyof typeof METRICS;
