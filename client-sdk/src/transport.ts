import { createAmplifyContext } from 'aws-amplify';
import { generateClient } from 'aws-amplify/api';
import { toAmplifyConfig, type ConnectionOptions } from './auth.ts';
import { NetworkError, toApiError, UnauthorizedError, type ApiError } from './errors.ts';
import {
  CancelTask,
  CreateUpload,
  GetQueue,
  GetTask,
  ListModels,
  ListTasks,
  RetryTask,
  SubmitTask,
  type CreateUploadInput,
  type GetQueueQuery,
  type ListModelsQuery,
  type ListTasksQueryVariables,
  type SubmitTaskInput,
} from './operations.generated.ts';
import type { Retry } from './retry.ts';
import { subscribeToTasks, type Realtime } from './subscription.ts';
import type { Task, TaskEvent } from './task.ts';
import type { Timers } from './timers.ts';

export interface Page {
  readonly items: readonly Task[];
  readonly nextToken: string | null;
}

/** Something that can be named in a request, and how many workers have it. */
export type Model = ListModelsQuery['models'][number];

/** How busy a pool is, as of the last look at it: `asOf`, a minute ago at most while all is well. */
export type Queue = NonNullable<GetQueueQuery['queue']>;

/** Leave to upload one image: a form with these fields, then the file. */
export interface Upload {
  readonly id: string;
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The API's operations, each answered or thrown as `ApiError`. */
export interface Transport {
  /** The input must bring its id. */
  readonly submit: (input: SubmitTaskInput) => Promise<Task>;
  readonly cancel: (id: string) => Promise<Task>;
  readonly retry: (id: string, newId: string) => Promise<Task>;
  readonly get: (id: string) => Promise<Task | null>;
  readonly list: (variables: ListTasksQueryVariables) => Promise<Page>;
  readonly models: () => Promise<readonly Model[]>;
  /** Null: of the default pool. */
  readonly queue: (pool: string | null) => Promise<Queue | null>;
  readonly createUpload: (input: CreateUploadInput) => Promise<Upload>;
  /** To all of the caller's tasks. */
  readonly subscribe: (listener: SubscriptionListener) => () => void;
}

export interface SubscriptionListener {
  /** Null: something was pushed that can't be read. */
  readonly onEvent: (event: TaskEvent | null) => void;
  /** The subscription stands, for the first time or again: what was said before may have been missed. */
  readonly onStart: () => void;
  /** It has ended, and must be opened anew. */
  readonly onError: (error: ApiError) => void;
}

/** AppSync gives up a request after 30 s; what has not come by then does not come. */
const CALL_TIMEOUT_MS = 35_000;

export const createTransport = (options: ConnectionOptions, timers: Timers): Transport => {
  let isRefused = false;
  /** Amplify keeps to itself why there is no token, and says that there is no user. */
  let missing: UnauthorizedError | undefined;
  const config = toAmplifyConfig(options, {
    isRefused: () => isRefused,
    onObtained: (failure) => (missing = failure),
  });
  const client = generateClient(createAmplifyContext(...config));

  /** Amplify's fetch waits as long as the runtime's does, which may be for ever. */
  const limited = <T>(running: Promise<T>, taskId: string | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = timers.setTimeout(() => {
        reject(new NetworkError(`No answer came within ${CALL_TIMEOUT_MS / 1000} s.`, { taskId }));
        client.cancel(running);
      }, CALL_TIMEOUT_MS);
      void running.then(resolve, reject).finally(() => timers.clearTimeout(timer as never));
    });

  const once = async <T>(call: () => Promise<T>, taskId: string | undefined): Promise<T> => {
    try {
      const answer = await limited(call(), taskId);
      isRefused = false;
      return answer;
    } catch (thrown) {
      throw missing ?? toApiError(thrown, taskId);
    }
  };

  /** Credentials that were not accepted may have been the old ones: they are asked for once more. */
  const ask = async <T>(call: () => Promise<{ data: T }>, taskId?: string): Promise<T> => {
    try {
      return (await once(call, taskId)).data;
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || 'apiKey' in options.auth) throw error;
      isRefused = true;
      return (await once(call, taskId)).data;
    }
  };

  return {
    submit: async (input) => {
      const id = input.id ?? undefined;
      return (await ask(() => client.graphql({ query: SubmitTask, variables: { input } }), id)).submitTask;
    },
    cancel: async (id) =>
      (await ask(() => client.graphql({ query: CancelTask, variables: { id } }), id)).cancelTask,
    retry: async (id, newId) =>
      (await ask(() => client.graphql({ query: RetryTask, variables: { id, newId } }), newId)).retryTask,
    get: async (id) => (await ask(() => client.graphql({ query: GetTask, variables: { id } }), id)).task,
    list: async (variables) => (await ask(() => client.graphql({ query: ListTasks, variables }))).tasks,
    models: async () => (await ask(() => client.graphql({ query: ListModels }))).models,
    queue: async (pool) => (await ask(() => client.graphql({ query: GetQueue, variables: { pool } }))).queue,
    createUpload: async (input) => {
      const { createUpload } = await ask(() => client.graphql({ query: CreateUpload, variables: { input } }));
      const { id, url, fields } = createUpload;
      return { id, url, fields: JSON.parse(fields) as Upload['fields'] };
    },
    subscribe: (listener) =>
      subscribeToTasks(client as unknown as Realtime, {
        ...listener,
        onError: (error) => {
          isRefused = error instanceof UnauthorizedError;
          listener.onError(error);
        },
      }),
  };
};

/** Every call repeated until it is answered or refused for good. The subscription looks after itself. */
export const withRetries = (transport: Transport, retry: Retry): Transport => ({
  submit: (input) => retry(() => transport.submit(input)),
  cancel: (id) => retry(() => transport.cancel(id)),
  retry: (id, newId) => retry(() => transport.retry(id, newId)),
  get: (id) => retry(() => transport.get(id)),
  list: (variables) => retry(() => transport.list(variables)),
  models: () => retry(() => transport.models()),
  queue: (pool) => retry(() => transport.queue(pool)),
  createUpload: (input) => retry(() => transport.createUpload(input)),
  subscribe: transport.subscribe,
});
