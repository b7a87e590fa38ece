import { createHash } from 'node:crypto';
import type { Task } from './task.ts';

/* For what runs in Node.js; a page shows an image by its URL, and has no need of this. */

export type StoredImage = NonNullable<Task['images']>[number];

/** No answer of a CDN takes that long. */
const ANSWER_TIMEOUT_MS = 30_000;
const DOWNLOADS = 3;

/** The CDN answers a signed address that has expired as it answers one that never was any good. */
class AddressRefused extends Error {}

export const download = async (url: string): Promise<Buffer> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  if (response.status === 403) throw new AddressRefused('The CDN answered 403');
  if (!response.ok) throw new Error(`The CDN answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
};

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Gives an image as it was stored: whole, or an error. */
export type DownloadImage = (image: StoredImage) => Promise<Buffer>;

/**
 * Downloads the images of one task. Their addresses are made anew for every answer of the API, and may be missing or expire: where
 * one is or has, the task is asked for, once, however many images it is about.
 */
export const createDownloadImage = (askAgain: () => Promise<Task | null>): DownloadImage => {
  let asked: Promise<Task | null> | undefined;

  const freshUrlOf = async ({ url, sha256 }: StoredImage): Promise<StoredImage['url']> => {
    const task = await (asked ??= askAgain());
    return task?.images?.find((image) => image.sha256 === sha256)?.url ?? url;
  };

  return async (image) => {
    const { sha256 } = image;
    let { url } = image;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (typeof url !== 'string') throw new AddressRefused('The image has no address');
        const bytes = await download(url);
        if (sha256Of(bytes) === sha256) return bytes;
        throw new Error('The image that the CDN sent is not the one that was stored');
      } catch (error) {
        if (attempt >= DOWNLOADS) throw toFailure(error);
        if (error instanceof AddressRefused)
          url = await freshUrlOf(image).catch((cause: unknown) => {
            throw toFailure(cause);
          });
      }
    }
  };
};

const toFailure = (cause: unknown): Error =>
  new Error(`The image was made and stored, but can't be had: ${reasonOf(cause)}`, { cause });

/** `fetch` says no more than that it failed. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  return [message, cause?.code].filter((text) => text !== undefined).join(', ');
};
