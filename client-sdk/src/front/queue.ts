import { createDownloadImage, download, type DownloadImage } from '../download.ts';
import type { Endpoint } from '../endpoint.ts';
import { ApiError, createClient, type Model as ListedModel, type Task } from '../index.ts';

/* The one file of the front that knows the SDK. What the routes need of it is little, and is faked in their tests. */

export interface TaskQueue {
  /** Resolves once the task is accepted. Throws `ApiError`. */
  readonly submit: (request: QueueRequest) => Promise<QueuedTask>;
  /** What the workers that are up have; empty while there is none. */
  readonly models: () => Promise<readonly Model[]>;
  /** A preview, of an address that the API gave. */
  readonly download: (url: string) => Promise<Buffer>;
  /** For the images of that task. */
  readonly createDownloadImage: (task: Pick<Task, 'id'>) => DownloadImage;
}

/** One of the WebUI's paths and the JSON that one would post there. */
export interface QueueRequest {
  readonly api: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface QueuedTask {
  readonly id: string;
  /** The newest snapshot whenever there is one, up to the last. */
  readonly updates: () => AsyncIterable<Task>;
  /** How it is now, with a fresh estimate while it waits. */
  readonly status: () => Promise<Task>;
  readonly cancel: () => Promise<Task>;
  readonly close: () => void;
}

export type Model = Pick<ListedModel, 'kind' | 'name'>;

/** What the API takes. Of a much larger request AppSync says nothing but that it is bad. */
const REQUEST_BYTES = 5_000_000;

export const createTaskQueue = (endpoint: Endpoint): TaskQueue => {
  const client = createClient(endpoint);

  return {
    submit: async ({ api, payload }) => {
      const json = JSON.stringify(payload);
      const bytes = Buffer.byteLength(json);
      if (bytes <= REQUEST_BYTES) return client.submit({ api, payload: json });
      const message = `input: has ${bytes} bytes, the limit is ${REQUEST_BYTES}: send smaller images`;
      throw new ApiError('VALIDATION', message, { field: 'input' });
    },
    models: () => client.models(),
    download,
    createDownloadImage: ({ id }) => createDownloadImage(() => client.get(id)),
  };
};
