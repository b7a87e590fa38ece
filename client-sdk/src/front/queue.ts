import { createHash } from 'node:crypto';
import { ApiError, createClient, type Model as ListedModel, type Task } from '../index.ts';

/* The one file of the front that knows the SDK. What the routes need of it is little, and is faked in their tests. */

export interface TaskQueue {
  /** Resolves once the task is accepted. Throws `ApiError`. */
  readonly submit: (request: QueueRequest) => Promise<QueuedTask>;
  /** What the workers that are up have; empty while there is none. */
  readonly models: () => Promise<readonly Model[]>;
  /** A preview, of an address that the API gave. */
  readonly download: (url: string) => Promise<Buffer>;
  /** An image as it was stored: whole, or an error. */
  readonly downloadImage: (image: StoredImage) => Promise<Buffer>;
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
  readonly cancel: () => Promise<Task>;
  readonly close: () => void;
}

export type StoredImage = NonNullable<Task['images']>[number];

export type Model = Pick<ListedModel, 'kind' | 'name'>;

export interface QueueOptions {
  readonly endpoint: string;
  readonly auth: { readonly apiKey: string } | { readonly token: () => string | Promise<string> };
}

/** No answer of an API or a CDN takes that long. */
const ANSWER_TIMEOUT_MS = 30_000;
const DOWNLOADS = 3;
/** What the API takes. Of a much larger request AppSync says nothing but that it is bad. */
const REQUEST_BYTES = 5_000_000;

export const createTaskQueue = ({ endpoint, auth }: QueueOptions): TaskQueue => {
  const client = createClient({ endpoint, auth });

  const download = async (url: string): Promise<Buffer> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`The CDN answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  };

  const downloadImage = async ({ url, sha256 }: StoredImage): Promise<Buffer> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (typeof url !== 'string') throw new Error('The image has no address');
        const bytes = await download(url);
        if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
        throw new Error('The image that the CDN sent is not the one that was stored');
      } catch (error) {
        if (attempt < DOWNLOADS) continue;
        throw new Error(`The image was made and stored, but can't be had: ${reasonOf(error)}`, {
          cause: error,
        });
      }
    }
  };

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
    downloadImage,
  };
};

/** `fetch` says no more than that it failed. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  return [message, cause?.code].filter((text) => text !== undefined).join(', ');
};
