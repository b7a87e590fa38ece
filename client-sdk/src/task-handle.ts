import { ApiError, ClosedError, toTaskError } from './errors.ts';
import { isFinished, type FinishedTask, type Task } from './task.ts';
import type { TaskHub, TaskWatch } from './task-hub.ts';
import { createUpdates } from './task-updates.ts';
import type { Transport } from './transport.ts';

export interface WaitOptions {
  /** Ends the waiting; the task goes on. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One task, by its id: can be made anew after a reload, or somewhere else. It costs nothing until it is used, and is watched
 * only while somebody waits for `updates` or `result`.
 */
export interface TaskHandle {
  readonly id: string;
  /** The newest snapshot this handle has seen; of one version, the newest answer. */
  readonly latest: () => Task | undefined;
  /**
   * Asks how the task is now, for its images' addresses anew, and while it is QUEUED for a fresh `estimate`: that one is as old as
   * its snapshot, and no newer version tells of a newer one. Throws `ApiError` NOT_FOUND where there is no such task of the caller's.
   */
  readonly status: () => Promise<Task>;
  /**
   * Whole snapshots, the newest whenever there is a newer one, up to the last: `version` only rises. A slow reader skips
   * some. Throws `ApiError` where nothing more can be learned.
   */
  readonly updates: (options?: WaitOptions) => AsyncIterableIterator<Task> & AsyncDisposable;
  /** Resolves with the task once it has SUCCEEDED; throws `TaskError` when it ended otherwise. */
  readonly result: (options?: WaitOptions) => Promise<FinishedTask>;
  /** Cancels on the server. Resolves with the task, which may have ended before. */
  readonly cancel: () => Promise<Task>;
  /** Ends what waits for this handle with `ClosedError`. */
  readonly close: () => void;
}

export interface TaskHandleOptions {
  readonly id: string;
  readonly api: Pick<Transport, 'get' | 'cancel'>;
  readonly hub: Pick<TaskHub, 'watch'>;
  readonly known?: Task | undefined;
  /** A watch that was opened before the task was there: the first to wait takes it over. */
  readonly watch?: TaskWatch | undefined;
}

export const createTaskHandle = (options: TaskHandleOptions): TaskHandle => {
  const { id, api, hub } = options;
  const closing = new AbortController();
  const open = new Set<TaskWatch>();
  let { known, watch: opened } = options;

  const see = (task: Task): Task => {
    const before = known?.version ?? -1;
    if (before > task.version) return known ?? task;
    // Of the same version the newer answer: its URLs and its estimate were made anew.
    known = task;
    if (before < task.version) for (const watch of open) watch.merge(task);
    return known;
  };

  /** From a watch, where a version is told once: an answer of the same one has come later. */
  const hear = (task: Task): void => {
    if (!known || known.version < task.version) known = task;
  };

  const openWatch = (): TaskWatch => {
    if (known?.isTerminal) return toSettledWatch(known);
    const watch = opened ?? hub.watch(id, { known });
    opened = undefined;
    if (known) watch.merge(known);
    // Others watch it too, and may have heard more.
    const latest = watch.latest();
    if (latest) hear(latest);
    open.add(watch);
    const stopListening = watch.listen({ onTask: hear, onError: () => undefined });
    return {
      ...watch,
      close: () => {
        open.delete(watch);
        stopListening();
        watch.close();
      },
    };
  };

  const updates: TaskHandle['updates'] = ({ signal } = {}) => {
    const signals = [closing.signal, ...(signal ? [signal] : [])];
    return createUpdates(openWatch, AbortSignal.any(signals));
  };

  const status = async (): Promise<Task> => {
    const task = await api.get(id);
    if (!task) throw new ApiError('NOT_FOUND', `There is no task ${id}.`, { taskId: id });
    return see(task);
  };

  return {
    id,
    latest: () => known,
    status,
    updates,
    result: async (wait) => {
      for await (const task of updates(wait)) {
        if (!task.isTerminal) continue;
        if (task.status !== 'SUCCEEDED') throw toTaskError(task);
        return isFinished(task) ? task : toFinished(await status());
      }
      throw new Error('A watch ends with a terminal task');
    },
    cancel: async () => see(await api.cancel(id)),
    close: () => {
      closing.abort(new ClosedError('The handle was closed before the task had ended.', { taskId: id }));
      opened?.close();
      opened = undefined;
    },
  };
};

/** Of a task that is known to have ended, about which nothing needs to be asked. */
const toSettledWatch = (task: Task): TaskWatch => ({
  latest: () => task,
  failure: () => undefined,
  merge: () => undefined,
  listen: () => () => undefined,
  close: () => undefined,
});

/** Its URLs are made anew for every answer, and may fail to be. */
const toFinished = (task: Task): FinishedTask => {
  if (isFinished(task)) return task;
  throw new ApiError('INTERNAL', 'The images are stored, but have no URLs at the moment.', {
    taskId: task.id,
  });
};
