import type { Model, Queue, Task } from '../index.ts';
import { toDetail } from './progress-view.ts';
import { toSpan } from './span.ts';

/* What tasks, models and queues look like, to people and to scripts. No line holds a URL: those are signed, and whoever has one sees the image. */

export const toResult = ({ id, kind, status, createdAt, finishedAt, inferenceMs, retryOf, error }: Task) => ({
  ...{ id, kind, status, createdAt, finishedAt, inferenceMs, retryOf, error },
});

const toMoment = (instant: string): string => instant.slice(0, 19).replace('T', ' ');

/** One line of `list`. */
export const toRow = (task: Task, now: number): string => {
  const { id, kind, status, createdAt, error } = task;
  const when = toMoment(createdAt);
  const detail = error ? error.code : task.isTerminal ? '' : toDetail(task, now);
  return `${id}  ${when}  ${kind.padEnd(7)}  ${status.padEnd(9)}  ${detail}`.trimEnd();
};

export const toModelRow = ({ kind, name, workers }: Model): string =>
  `${kind.padEnd(10)}  ${name}  (${workers} ${workers === 1 ? 'worker' : 'workers'})`;

export const toQueueLines = (queue: Queue): readonly string[] => {
  const { oldestSeconds, newTaskStartsInSeconds, asOf, ageSeconds, instances } = queue;
  const { booting, ready, busy, draining, desired, min, max } = instances;
  const rows: readonly (readonly [string, string])[] = [
    ['pool', queue.pool],
    ['waiting', String(queue.queued)],
    ['running', String(queue.running)],
    ['oldest', oldestSeconds === null ? 'nobody waits' : `waits for ${toSpan(oldestSeconds)}`],
    ['GPU-seconds', String(Math.round(queue.gpuSeconds))],
    ['instances', `${booting} booting, ${ready} ready, ${busy} busy, ${draining} draining`],
    ['', `${desired} wanted, of ${min} to ${max}`],
    ['new task', toStart(newTaskStartsInSeconds, ageSeconds)],
    ['as of', `${toMoment(asOf)}, ${toSpan(ageSeconds)} ago`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)}  ${value}`);
};

/** Told as of the last look; time has gone by since. */
const toStart = (startsInSeconds: number | null, ageSeconds: number): string => {
  if (startsInSeconds === null) return 'nobody will come as things are';
  const seconds = startsInSeconds - ageSeconds;
  return seconds < 1 ? 'would start at once' : `would start in ${toSpan(seconds)}`;
};
