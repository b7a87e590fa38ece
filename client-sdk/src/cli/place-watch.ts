import type { Task } from '../index.ts';
import type { Timers } from '../timers.ts';

/** How long a place in the queue is shown before it is asked for anew. */
export const PLACE_MS = 10_000;

export interface PlaceWatchOptions {
  /** How the task is now. May fail: then it is asked for next time. */
  readonly ask: () => Promise<Task>;
  /** Told what was answered, if it is still QUEUED. */
  readonly onTask: (task: Task) => void;
  readonly timers: Timers;
}

export interface PlaceWatch {
  /** To be told of every snapshot. */
  readonly see: (task: Pick<Task, 'status'>) => void;
  /** For good: an answer that is under way is not told any more. */
  readonly stop: () => void;
}

/** Nothing is pushed when the place of a task changes: while it is QUEUED it is asked for, ten seconds after every snapshot. */
export const createPlaceWatch = ({ ask, onTask, timers }: PlaceWatchOptions): PlaceWatch => {
  let timer: unknown;
  let isWaiting = false;
  let isStopped = false;

  const see: PlaceWatch['see'] = ({ status }) => {
    timers.clearTimeout(timer as never);
    isWaiting = status === 'QUEUED' && !isStopped;
    if (isWaiting) timer = timers.setTimeout(() => void again(), PLACE_MS);
  };

  const again = async (): Promise<void> => {
    const task = await ask().catch(() => undefined);
    // It was taken, or nobody looks any more, since it was asked for.
    if (!isWaiting) return;
    if (task?.status === 'QUEUED') onTask(task);
    see(task ?? { status: 'QUEUED' });
  };

  const stop = (): void => {
    isStopped = true;
    isWaiting = false;
    timers.clearTimeout(timer as never);
  };

  return { see, stop };
};
