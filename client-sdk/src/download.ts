import { createHash } from 'node:crypto';
import type { Task } from './task.ts';

/* For what runs in Node.js; a page shows an image by its URL, and has no need of this. */

export type StoredImage = NonNullable<Task['images']>[number];

/** No answer of a CDN takes that long. */
const ANSWER_TIMEOUT_MS = 30_000;
const DOWNLOADS = 3;

export const download = async (url: string): Promise<Buffer> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`The CDN answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
};

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** An image as it was stored: whole, or an error. */
export const downloadImage = async ({ url, sha256 }: StoredImage): Promise<Buffer> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (typeof url !== 'string') throw new Error('The image has no address');
      const bytes = await download(url);
      if (sha256Of(bytes) === sha256) return bytes;
      throw new Error('The image that the CDN sent is not the one that was stored');
    } catch (error) {
      if (attempt < DOWNLOADS) continue;
      throw new Error(`The image was made and stored, but can't be had: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }
};

/** `fetch` says no more than that it failed. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  return [message, cause?.code].filter((text) => text !== undefined).join(', ');
};
