import type { ConnectionOptions } from './auth.ts';
import { ClosedError } from './errors.ts';
import type { ListTasksQueryVariables, TaskStatus, Txt2ImgInput } from './operations.generated.ts';
import { postForm } from './post-form.ts';
import { createRetry } from './retry.ts';
import { createRun, type RunOptions } from './run.ts';
import type { FinishedTask, Task } from './task.ts';
import { createTaskHandle, type TaskHandle } from './task-handle.ts';
import { createTaskHub } from './task-hub.ts';
import { SYSTEM_TIMERS } from './timers.ts';
import { createTransport, withRetries, type Model, type Page, type Queue } from './transport.ts';
import {
  createPrepare,
  type Img2ImgTaskInput,
  type TaskInput,
  type UploadOptions,
  type UpscaleTaskInput,
} from './uploads.ts';
import { onWake } from './wake.ts';

export type ClientOptions = ConnectionOptions;

export interface SubmitOptions extends UploadOptions {
  /** Ends the upload of images. A task that was submitted goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What may be said of every task, whatever it is to make. */
export type TaskOptions = Pick<
  TaskInput,
  'id' | 'embedMetadata' | 'startWithinSeconds' | 'finishWithinSeconds'
> &
  SubmitOptions;

export interface TasksOptions {
  /** Only tasks in this state. */
  readonly status?: TaskStatus | undefined;
  /** The most tasks to be listed; all of them unless told. */
  readonly limit?: number | undefined;
}

/**
 * A client of the API. Every method may throw `ApiError` or one of its kinds: `ValidationError`, `UnauthorizedError`,
 * `NetworkError`. What may pass is tried again, for up to 16 seconds, before it is thrown.
 */
export interface Client {
  /**
   * Makes images from a prompt. Resolves with a handle as soon as the task was accepted, not when it has ended. Pass an `id`
   * of your own (a UUID) to know it beforehand; the same call with the same `id` is the same task.
   */
  readonly txt2img: (input: Txt2ImgInput, options?: TaskOptions) => Promise<TaskHandle>;
  /** Makes images from an image and a prompt. */
  readonly img2img: (input: Img2ImgTaskInput, options?: TaskOptions) => Promise<TaskHandle>;
  /** Enlarges an image. */
  readonly upscale: (input: UpscaleTaskInput, options?: TaskOptions) => Promise<TaskHandle>;
  /** Submits what the API's `submitTask` takes: one of the above, or the WebUI's own `{api, payload}`. */
  readonly submit: (input: TaskInput, options?: SubmitOptions) => Promise<TaskHandle>;
  /** Submits and waits for the images. Aborting the signal, and the time limit, cancel the task on the server. */
  readonly run: (input: TaskInput, options?: RunOptions & UploadOptions) => Promise<FinishedTask>;
  /** A handle of a task that was submitted before, or elsewhere. Nothing is sent until it is used. */
  readonly task: (id: string) => TaskHandle;
  /** Submits the request of a task that has ended once more, as a new task. Its id may be chosen, which makes repeating safe. */
  readonly retry: (id: string, newId?: string) => Promise<TaskHandle>;
  /** The caller's tasks, newest first, read page by page as they are needed. */
  readonly tasks: (options?: TasksOptions) => AsyncIterableIterator<Task>;
  /** One page of them. */
  readonly list: (page?: ListTasksQueryVariables) => Promise<Page>;
  /** Null for a task that does not exist or is somebody else's. */
  readonly get: (id: string) => Promise<Task | null>;
  readonly cancel: (id: string) => Promise<Task>;
  /** What the workers that are up have installed. */
  readonly models: () => Promise<readonly Model[]>;
  /**
   * How busy a pool is, the default one unless told: who waits, for how long, and in how many seconds after `asOf` a task should
   * start that is submitted now. Null for a pool that there is not, and before anybody has looked at it.
   */
  readonly queue: (pool?: string) => Promise<Queue | null>;
  /** Ends whatever waits with `ClosedError`; sockets and timers go with it. */
  readonly close: () => void;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Any number of clients live side by side. Each shares one subscription among all it watches, and holds none otherwise. */
export const createClient = (options: ClientOptions): Client => {
  const closing = new AbortController();
  const timers = SYSTEM_TIMERS;
  const transport = createTransport(options, timers);
  const retry = createRetry({ timers, random: Math.random, signal: closing.signal });
  const api = withRetries(transport, retry);
  const hub = createTaskHub({ transport, timers });
  const stopListening = onWake(hub.refresh);
  const run = createRun({ api, hub, timers });
  const prepare = createPrepare({ api: transport, post: postForm, retry, now: timers.now });

  const toHandle = (known: Task): TaskHandle => createTaskHandle({ id: known.id, api, hub, known });

  // The id is made before the first try, so that all of them are one task.
  const submitOnce = async (id: string, input: TaskInput, options: SubmitOptions): Promise<Task> =>
    api.submit({ ...(await prepare(input, options)), id });

  const submit = async ({ id, ...input }: TaskInput, options: SubmitOptions = {}): Promise<TaskHandle> =>
    toHandle(await submitOnce(id ?? crypto.randomUUID(), input, options));

  const submitTask = (input: TaskInput, options: TaskOptions = {}): Promise<TaskHandle> => {
    const { signal, onUpload, ...task } = options;
    return submit({ ...task, ...input }, { signal, onUpload });
  };

  const close = (): void => {
    if (closing.signal.aborted) return;
    closing.abort(new ClosedError('The client is closed.'));
    stopListening();
    hub.close();
  };

  async function* tasks({ status, limit = Infinity }: TasksOptions = {}): AsyncIterableIterator<Task> {
    let nextToken: string | null = null;
    let left = limit;
    do {
      const page: Page = await api.list({ status: status ?? null, limit: Math.min(100, left), nextToken });
      for (const task of page.items.slice(0, left)) yield task;
      left -= page.items.length;
      nextToken = page.nextToken;
    } while (nextToken !== null && left > 0);
  }

  return {
    txt2img: (txt2img, options) => submitTask({ txt2img }, options),
    img2img: (img2img, options) => submitTask({ img2img }, options),
    upscale: (upscale, options) => submitTask({ upscale }, options),
    submit,
    run: ({ id: given, ...input }, runOptions = {}) => {
      const id = given ?? crypto.randomUUID();
      const { onUpload } = runOptions;
      return run(id, (signal) => submitOnce(id, input, { signal, onUpload }), runOptions);
    },
    task: (id) => createTaskHandle({ id, api, hub }),
    retry: async (id, newId = crypto.randomUUID()) => toHandle(await api.retry(id, newId)),
    tasks,
    list: (page = {}) => api.list(page),
    get: api.get,
    cancel: api.cancel,
    models: api.models,
    queue: (pool) => api.queue(pool ?? null),
    close,
    [Symbol.asyncDispose]: () => Promise.resolve(close()),
  };
};
