import { RunTimeoutError } from './errors.ts';
import type { FinishedTask, Task } from './task.ts';
import { createTaskHandle, type WaitOptions } from './task-handle.ts';
import type { TaskHub } from './task-hub.ts';
import type { Timers } from './timers.ts';
import type { Transport } from './transport.ts';

export interface RunOptions extends WaitOptions {
  /** Called with every snapshot, the last included. */
  readonly onUpdate?: ((task: Task) => void) | undefined;
  /** Milliseconds after which the task is canceled and `RunTimeoutError` thrown. No limit unless told. */
  readonly timeoutMs?: number | undefined;
}

export interface RunDependencies {
  readonly api: Transport;
  readonly hub: TaskHub;
  readonly timers: Timers;
}

/**
 * Submits and waits for the images. Watching begins before the task exists, so that its first news is pushed too. Whatever
 * ends the waiting early also cancels the task, as soon as its submit was answered.
 */
export const createRun =
  ({ api, hub, timers }: RunDependencies) =>
  async (
    id: string,
    submit: (signal: AbortSignal) => Promise<Task>,
    { signal, onUpdate, timeoutMs }: RunOptions,
  ): Promise<FinishedTask> => {
    signal?.throwIfAborted();
    const ending = new AbortController();
    const end = (): void => ending.abort(signal?.reason);
    signal?.addEventListener('abort', end, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : timers.setTimeout(() => ending.abort(new RunTimeoutError(id, timeoutMs)), timeoutMs);
    const watch = hub.watch(id, { isPending: true });
    const handle = createTaskHandle({ id, api, hub, watch });
    try {
      const submitting = submit(ending.signal);
      ending.signal.addEventListener('abort', () => {
        const cancel = (): Promise<unknown> => handle.cancel();
        // A submit that was not answered may have been heard; one that was given up before it was sent was not.
        const cancelUnlessUnsent = (error: unknown): unknown =>
          error === ending.signal.reason ? undefined : cancel();
        submitting.then(cancel, cancelUnlessUnsent).catch(() => undefined);
      });
      watch.merge(await untilAborted(submitting, ending.signal));
      const wait = { signal: ending.signal };
      if (!onUpdate) return await handle.result(wait);
      for await (const task of handle.updates(wait)) onUpdate(task);
      return await handle.result(wait);
    } finally {
      timers.clearTimeout(timer as never);
      signal?.removeEventListener('abort', end);
      watch.close();
      handle.close();
    }
  };

const untilAborted = <T>(running: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
