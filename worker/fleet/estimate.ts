import { QUEUE_MARKS, type QueueMark } from '../../contract/fleet.ts';
import { checkInputs, type FleetInputs } from './check-inputs.ts';
import { dealOut, toServers, type Server } from './forecast.ts';

/** A task that waits. */
export interface WaitingTask {
  readonly createdAt: number;
  readonly megapixelSteps: number;
}

export interface QueueEstimate {
  readonly marks: readonly QueueMark[];
  readonly newStartsInSeconds?: number;
}

/**
 * When those that wait should start, and whoever would come now, given that capacity. `queued` are the tasks of the inputs that
 * wait, in their order.
 */
export const estimateQueue = (
  inputs: FleetInputs,
  desired: number,
  queued: readonly WaitingTask[],
): QueueEstimate => {
  const result = checkInputs(inputs);
  if (!result.ok) return { marks: [] };
  const { members, tasks, bootSeconds, rateOf, running, most } = result.checked;
  const { servers, waiting } = toServers(members, tasks, bootSeconds, rateOf);
  // Nobody there: the new task would have one launched.
  const added = Math.max(desired - running, servers.length === 0 && most > running ? 1 : 0);
  const newcomer: Server = { freeIn: bootSeconds, megapixelStepsPerSecond: rateOf(undefined) };
  const starts: number[] = [];
  dealOut(
    [...servers, ...Array.from({ length: added }, () => newcomer)],
    [...waiting, { state: 'QUEUED', megapixelSteps: 1 }],
    (startsIn) => starts.push(Math.ceil(startsIn)),
  );
  // What was given back stands in front of those that never started.
  const first = waiting.length - queued.length;
  const newStart = starts[waiting.length];
  const step = Math.max(1, Math.ceil(queued.length / QUEUE_MARKS));
  return {
    marks: queued.flatMap(({ createdAt }, index): QueueMark[] => {
      if (index % step !== 0) return [];
      const startsInSeconds = starts[first + index];
      return [{ createdAt, position: index + 1, ...(startsInSeconds !== undefined && { startsInSeconds }) }];
    }),
    ...(newStart !== undefined && { newStartsInSeconds: newStart }),
  };
};
