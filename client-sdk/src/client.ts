import type { ListTasksQueryVariables, SubmitTaskInput } from './operations.generated.ts';
import { createTaskHandle, type Task, type TaskHandle, type WaitOptions } from './task-handle.ts';
import { openTaskWatch } from './task-watch.ts';
import { createTransport, type Page, type TransportOptions } from './transport.ts';

export type ClientOptions = TransportOptions;

export interface RunOptions extends WaitOptions {
  readonly onUpdate?: (task: Task) => void;
}

export interface Client {
  /**
   * Submits a task. The handle knows it as it was accepted, or newer where a push was faster. Throws `ApiError`. Repeating it
   * with the same `id` and input is safe.
   */
  readonly submit: (input: SubmitTaskInput) => Promise<TaskHandle>;
  /** Submits and waits for the images. Aborting the signal cancels the task on the server. */
  readonly run: (input: SubmitTaskInput, options?: RunOptions) => Promise<Task>;
  /** A handle of a task that was submitted before, or elsewhere. Nothing is sent until it is used. */
  readonly watch: (id: string) => TaskHandle;
  /** Null for a task that does not exist or is somebody else's. */
  readonly get: (id: string) => Promise<Task | null>;
  /** The caller's tasks, newest first. */
  readonly list: (page?: ListTasksQueryVariables) => Promise<Page>;
  readonly cancel: (id: string) => Promise<Task>;
}

/** A client of the API. It shares one socket among all handles and holds none while nothing is watched. */
export const createClient = (options: ClientOptions): Client => {
  const transport = createTransport(options);

  const submit = async (input: SubmitTaskInput): Promise<TaskHandle> => {
    const id = input.id ?? crypto.randomUUID();
    // Watching begins before the task exists: nothing of it can be missed.
    const watch = openTaskWatch(id, transport);
    try {
      watch.merge(await transport.submit({ ...input, id }));
    } catch (error) {
      watch.close();
      throw error;
    }
    return createTaskHandle(id, transport, watch);
  };

  return {
    submit,
    run: async (input, { signal, onUpdate } = {}) => {
      signal?.throwIfAborted();
      const handle = await submit(input);
      const cancel = (): void => void handle.cancel().catch(() => undefined);
      signal?.addEventListener('abort', cancel, { once: true });
      if (signal?.aborted) cancel();
      try {
        const wait = { ...(signal && { signal }) };
        if (onUpdate) for await (const task of handle.updates(wait)) onUpdate(task);
        return await handle.result(wait);
      } finally {
        signal?.removeEventListener('abort', cancel);
        handle.close();
      }
    },
    watch: (id) => createTaskHandle(id, transport),
    get: transport.get,
    list: (page = {}) => transport.list(page),
    cancel: transport.cancel,
  };
};
