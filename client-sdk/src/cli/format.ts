import type { Model, Task } from '../index.ts';
import { toDetail } from './progress-view.ts';

/* What tasks and models look like, to people and to scripts. No line holds a URL: those are signed, and whoever has one sees the image. */

export const toResult = ({ id, kind, status, createdAt, finishedAt, inferenceMs, retryOf, error }: Task) => ({
  ...{ id, kind, status, createdAt, finishedAt, inferenceMs, retryOf, error },
});

/** One line of `list`. */
export const toRow = (task: Task, now: number): string => {
  const { id, kind, status, createdAt, error } = task;
  const when = createdAt.slice(0, 19).replace('T', ' ');
  const detail = error ? error.code : task.isTerminal ? '' : toDetail(task, now);
  return `${id}  ${when}  ${kind.padEnd(7)}  ${status.padEnd(9)}  ${detail}`.trimEnd();
};

export const toModelRow = ({ kind, name, workers }: Model): string =>
  `${kind.padEnd(10)}  ${name}  (${workers} ${workers === 1 ? 'worker' : 'workers'})`;
