import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { Pool } from '../contract/pool.ts';
import { createMetrics } from './metrics.ts';
import type { Ending, ReconcileDependencies } from './reconcile.ts';

/** Which metric an end counts as, and the code that the task failed with. */
const ENDS: Readonly<Record<Ending, readonly [name: MetricName, code?: string]>> = {
  expire: ['TaskExpired', 'START_EXPIRED'],
  deadline: ['TaskFailed', 'DEADLINE_EXCEEDED'],
  giveUp: ['TaskFailed', 'WORKER_LOST'],
  cancelLost: ['TaskCanceled'],
};

/** What no worker is there to count: ends that the reconciler brings about, among the metrics of the task's pool. */
export const createMeasureEnds = (options: {
  readonly pools: readonly Pool[];
  readonly write: (line: string) => void;
  readonly wallClock?: () => number;
}): NonNullable<ReconcileDependencies['onEnd']> => {
  const { pools, write, wallClock = Date.now } = options;
  const groupOf = (pool: string): string | undefined =>
    (pools.find(({ name }) => name === pool) ?? pools.find(({ name }) => name === DEFAULT_POOL))?.group;
  return ({ id, pool }, event) => {
    const group = groupOf(pool);
    const [name, code] = ENDS[event];
    const { record } = createMetrics({ write, wallClock, ...(group !== undefined && { group }) });
    record({ [name]: 1 }, { taskId: id, ...(code !== undefined && { code }) });
  };
};
