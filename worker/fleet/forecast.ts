import type { FleetMember, FleetTask } from '../../contract/fleet.ts';

/** A GPU as the forecast knows it. */
export interface Server {
  /** Seconds until it can begin with something. */
  readonly freeIn: number;
  readonly megapixelStepsPerSecond: number;
}

/** One that boots three times as long as others did is not counted on any more. */
const LOST_AFTER_BOOTS = 3;
/** What one that is late may still need: a share of a boot, not nothing. */
const LATE_SHARE = 0.25;

/** Seconds until an instance of that age is ready; undefined: it will not be. */
export const bootLeftSeconds = (ageSeconds: number, bootSeconds: number): number | undefined => {
  if (ageSeconds > LOST_AFTER_BOOTS * bootSeconds) return undefined;
  return Math.max(bootSeconds - ageSeconds, LATE_SHARE * bootSeconds * (ageSeconds > bootSeconds ? 1 : 0));
};

/** The part of its work that a GPU of that rate has not done yet, in seconds. */
export const secondsLeft = (task: FleetTask, megapixelStepsPerSecond: number): number =>
  Math.max(0, task.megapixelSteps / megapixelStepsPerSecond - (task.runningSeconds ?? 0));

/** Everybody who will take work, each with the work it has, and the work that nobody has. */
export const toServers = (
  members: readonly FleetMember[],
  tasks: readonly FleetTask[],
  bootSeconds: number,
  rateOf: (instanceType: string | undefined) => number,
): { readonly servers: readonly Server[]; readonly waiting: readonly FleetTask[] } => {
  const running = tasks.filter(({ state, isLost }) => state === 'RUNNING' && !isLost);
  let taken = 0;
  const servers = members.flatMap(({ state, instanceType, ageSeconds }): Server[] => {
    const megapixelStepsPerSecond = rateOf(instanceType);
    switch (state) {
      case 'DRAINING':
        return [];
      case 'READY':
        return [{ freeIn: 0, megapixelStepsPerSecond }];
      case 'BOOTING': {
        const freeIn = bootLeftSeconds(ageSeconds ?? 0, bootSeconds);
        return freeIn === undefined ? [] : [{ freeIn, megapixelStepsPerSecond }];
      }
      case 'BUSY': {
        const task = running[taken];
        taken += 1;
        return [{ freeIn: task ? secondsLeft(task, megapixelStepsPerSecond) : 0, megapixelStepsPerSecond }];
      }
    }
  });
  // What else runs is nearly done: it is being stored, or finished by somebody who goes.
  const returning = tasks.filter(({ isLost }) => isLost);
  return { servers, waiting: [...returning, ...tasks.filter(({ state }) => state === 'QUEUED')] };
};

/**
 * Seconds until the last of the tasks starts, when each goes to whoever is free first: infinite without anybody, 0 without
 * tasks. SQS keeps no order, but whoever comes last waits as long in any.
 */
export const lastStartSeconds = (servers: readonly Server[], waiting: readonly FleetTask[]): number => {
  if (waiting.length === 0) return 0;
  let last = Infinity;
  dealOut(servers, waiting, (startsIn) => (last = startsIn));
  return last;
};

/** Tells of each task, in their order, in how many seconds it starts; of none where there is nobody. */
export const dealOut = (
  servers: readonly Server[],
  waiting: readonly FleetTask[],
  onStart: (startsIn: number) => void,
): void => {
  const free = [...servers].sort((left, right) => left.freeIn - right.freeIn);
  for (const { megapixelSteps } of waiting) {
    const [first] = free;
    if (!first) return;
    onStart(first.freeIn);
    const next = { ...first, freeIn: first.freeIn + megapixelSteps / first.megapixelStepsPerSecond };
    // Stays sorted: whoever took it goes behind all that are free before.
    let at = 0;
    for (; at + 1 < free.length; at += 1) {
      const other = free[at + 1];
      if (!other || other.freeIn > next.freeIn) break;
      free[at] = other;
    }
    free[at] = next;
  }
};
