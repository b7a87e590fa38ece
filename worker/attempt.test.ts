import { describe, expect, it } from 'vitest';
import type { Task } from '../contract/schema.generated.ts';
import { uploadKeyOf } from '../ledger/upload-key.ts';
import { readRequest } from './attempt.ts';

const uploadId = '11111111-1111-4111-8111-111111111111';
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]);

const read = (inline: object, uploads: Record<string, Uint8Array> = {}) => {
  const task = { owner: 'user:ann', request: JSON.stringify({ inline }) } as Task;
  return readRequest(
    { task },
    { getRequest: () => Promise.resolve(''), getUpload: (key) => Promise.resolve(uploads[key]) },
  );
};

const upscale = { kind: 'UPSCALE', upscale: { image: { uploadId } } };

describe('a request with an uploaded image', () => {
  it("gets its bytes from under its owner's key", async () => {
    const request = await read(upscale, { [uploadKeyOf('user:ann', uploadId)]: PNG });
    expect(request).toMatchObject({ upscale: { image: { data: Buffer.from(PNG).toString('base64') } } });
  });

  it('gets image and mask', async () => {
    const img2img = { prompt: 'x', seed: 1, image: { uploadId }, mask: { data: 'iVBORw0KGgo=' } };
    const request = await read({ kind: 'IMG2IMG', img2img }, { [uploadKeyOf('user:ann', uploadId)]: PNG });
    expect(request).toMatchObject({
      img2img: { image: { data: expect.any(String) as string }, mask: { data: 'iVBORw0KGgo=' } },
    });
  });

  it.each([
    ['is gone', {}, /upscale.image: The upload is gone/],
    ["is another owner's", { [uploadKeyOf('user:bob', uploadId)]: PNG }, /gone/],
    ['is no image', { [uploadKeyOf('user:ann', uploadId)]: PNG.subarray(1) }, /no PNG, JPEG or WebP/],
  ])('fails for good where the upload %s', async (_name, uploads, message) => {
    const reading = read(upscale, uploads as Record<string, Uint8Array>);
    await expect(reading).rejects.toMatchObject({ code: 'INVALID_REQUEST', retryable: false });
    await expect(reading).rejects.toThrow(message);
  });
});
