import type { Task } from './task.ts';
import type { TaskWatch } from './task-hub.ts';

/**
 * The newest snapshot whenever there is a newer one, up to the last; a slow reader skips some. Watches from the first `next`
 * until the task has ended or the reader stops. No generator: one that waits can't be stopped from outside.
 */
export const createUpdates = (
  openWatch: () => TaskWatch,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Task> & AsyncDisposable => {
  const stopping = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
  let watch: TaskWatch | undefined;
  let seen = -1;
  let isOver = false;
  let tail: Promise<unknown> = Promise.resolve();

  const end = (): IteratorReturnResult<undefined> => {
    isOver = true;
    watch?.close();
    return { done: true, value: undefined };
  };

  const step = async (): Promise<IteratorResult<Task, undefined>> => {
    if (isOver) return end();
    try {
      signal?.throwIfAborted();
      watch ??= openWatch();
      const task = await nextAfter(watch, seen, stopped);
      seen = task.version;
      if (task.isTerminal) end();
      return { done: false, value: task };
    } catch (error) {
      end();
      if (stopping.signal.aborted) return end();
      throw error;
    }
  };

  const stop = (): Promise<IteratorReturnResult<undefined>> => {
    stopping.abort();
    return Promise.resolve(end());
  };

  return {
    next: () => {
      const result = tail.then(step, step);
      tail = result;
      return result;
    },
    return: stop,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
};

const nextAfter = (watch: TaskWatch, version: number, signal: AbortSignal): Promise<Task> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const now = watch.latest();
    if (now && now.version > version) return resolve(now);
    const failure = watch.failure();
    if (failure) return reject(failure);
    const stop = (): void => {
      stopListening();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason as Error);
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
    signal.addEventListener('abort', onAbort);
  });
