import { TaskError } from './errors.ts';
import type { TaskFieldsFragment } from './operations.generated.ts';
import { openTaskWatch, type TaskWatch } from './task-watch.ts';
import type { Transport } from './transport.ts';

/** A task as the API shows it. Of two snapshots the one with the higher `version` is the newer. */
export type Task = TaskFieldsFragment;

export interface WaitOptions {
  /** Ends the waiting; the task goes on. */
  readonly signal?: AbortSignal;
}

/** One task, by its id: can be made anew after a reload, or somewhere else. */
export interface TaskHandle {
  readonly id: string;
  /** The newest snapshot this handle has seen. */
  readonly latest: () => Task | undefined;
  /** Resolves with the task once it has SUCCEEDED; throws `TaskError` when it ended otherwise. */
  readonly result: (options?: WaitOptions) => Promise<Task>;
  /** The newest snapshot whenever there is one, up to the last. A slow reader skips some. */
  readonly updates: (options?: WaitOptions) => AsyncIterableIterator<Task>;
  /** Cancels on the server. Resolves with the task, which may have ended before. */
  readonly cancel: () => Promise<Task>;
  /** Stops watching. */
  readonly close: () => void;
}

export const createTaskHandle = (id: string, transport: Transport, opened?: TaskWatch): TaskHandle => {
  let watch = opened;
  const watching = (): TaskWatch => (watch ??= openTaskWatch(id, transport));

  async function* updates({ signal }: WaitOptions = {}): AsyncIterableIterator<Task> {
    const source = watching();
    let seen = -1;
    for (;;) {
      const task = await nextAfter(source, seen, signal);
      seen = task.version;
      yield task;
      if (task.isTerminal) return;
    }
  }

  return {
    id,
    latest: () => watch?.latest(),
    updates,
    result: async (options) => {
      for await (const task of updates(options)) {
        if (task.status === 'SUCCEEDED') return task;
        if (task.isTerminal) throw new TaskError(task);
      }
      throw new Error('A watch ends with a terminal task');
    },
    cancel: async () => {
      const task = await transport.cancel(id);
      watch?.merge(task);
      return task;
    },
    close: () => watch?.close(),
  };
};

const nextAfter = (watch: TaskWatch, version: number, signal: AbortSignal | undefined): Promise<Task> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const now = watch.latest();
    if (now && now.version > version) return resolve(now);
    const failure = watch.failure();
    if (failure) return reject(failure);
    const onAbort = (): void => {
      stop();
      reject(signal?.reason as Error);
    };
    const stopListening = watch.listen({
      onTask: (task) => {
        stop();
        resolve(task);
      },
      onError: (error) => {
        stop();
        reject(error);
      },
    });
    const stop = (): void => {
      stopListening();
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort);
  });
