import { parseWake } from '../../../contract/wake.ts';
import { DEFAULT_POOL, type FleetConfig } from '../../../contract/fleet.ts';

/** Why the scaler runs: which fleets it is to look at, and tasks that the index may not show yet. */
export interface Trigger {
  readonly fleets: readonly FleetConfig[];
  readonly taskIds: readonly string[];
}

/** A message about somebody who found nobody, an event of a group, or the schedule: then all of them. */
export const toTrigger = (event: unknown, fleets: readonly FleetConfig[]): Trigger => {
  const { Records, detail } = (event ?? {}) as {
    readonly Records?: readonly { readonly body?: string }[];
    readonly detail?: { readonly AutoScalingGroupName?: string };
  };
  if (Array.isArray(Records)) {
    const messages = Records.flatMap(({ body = '' }) => parseWake(body) ?? []);
    const pools = new Set(messages.map(({ pool }) => toKnown(pool, fleets)));
    return {
      fleets: fleets.filter(({ pool }) => pools.has(pool)),
      taskIds: messages.map(({ taskId }) => taskId),
    };
  }
  const group = detail?.AutoScalingGroupName;
  const concerned = fleets.filter((fleet) => group === undefined || fleet.group === group);
  return { fleets: concerned, taskIds: [] };
};

/** A pool that is no more has its tasks in the default one's queue. */
export const toKnown = (pool: string, fleets: readonly FleetConfig[]): string =>
  fleets.some((fleet) => fleet.pool === pool) ? pool : DEFAULT_POOL;
