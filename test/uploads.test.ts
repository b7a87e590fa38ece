import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { clientOf, post, userOf, useStack } from './helpers/stack.ts';

/* Images that a task starts from, from the client's hands through S3 to the WebUI. */

const stackOf = useStack();

/** Noise, which does not compress: about 200 KB. */
const picture = (): Uint8Array<ArrayBuffer> => {
  const data = new Uint8Array(256 * 256 * 3);
  for (let index = 0; index < data.length; index += 32)
    data.set(createHash('sha256').update(String(index)).digest(), index);
  return new Uint8Array(encode({ width: 256, height: 256, channels: 3, data }));
};

const CREATE = `mutation Create($input: CreateUploadInput!) {
  createUpload(input: $input) { id url fields expiresAt }
}`;

const headersOf = async (sub: string) => ({ authorization: await stackOf().token({ sub }) });

const createUpload = async (sub: string, input: object) => {
  const { data, errors } = await post(
    stackOf(),
    { query: CREATE, variables: { input } },
    await headersOf(sub),
  );
  const { createUpload: upload } = (data ?? {}) as {
    createUpload?: { id: string; url: string; fields: string; expiresAt: string } | null;
  };
  return { upload, errors };
};

const send = async (url: string, fields: string, bytes: Uint8Array<ArrayBuffer>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(JSON.parse(fields) as Record<string, string>))
    form.append(name, value);
  form.append('file', new Blob([bytes]));
  return (await fetch(url, { method: 'POST', body: form })).status;
};

describe('an image that is too large for a request', () => {
  it('is uploaded by the client, stored under its owner, and reaches the WebUI byte by byte', async () => {
    const bytes = picture();
    const told: number[] = [];
    const client = userOf(stackOf(), 'ann');
    const task = await client.run(
      { upscale: { image: new Blob([bytes]), scale: 2 } },
      { onUpload: ({ loaded }) => told.push(loaded) },
    );
    expect(task.images[0]).toMatchObject({ width: 512, height: 512 });
    expect(told).toEqual([0, bytes.length]);

    const keys = Object.values(await stackOf().inspect.objects()).flat();
    const uploads = keys.filter((key) => key.startsWith('uploads/'));
    expect(uploads).toHaveLength(1);
    const s3 = new S3Client({ ...stackOf().client, forcePathStyle: true });
    const { buckets, originBucket } = stackOf().inspect.names;
    const Bucket = buckets.find((name) => name !== originBucket);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: uploads[0] ?? '' }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? [])).toEqual(Buffer.from(bytes));
    s3.destroy();
    // The row holds its name alone.
    const row = await stackOf().inspect.task(task.id);
    expect(JSON.parse(row?.request ?? '')).toMatchObject({
      upscale: { image: { uploadId: uploads[0]?.split('/').at(-1) } },
    });
  });

  it('may be the mask as well, and may be sent by hand', async () => {
    const bytes = picture();
    const { upload } = await createUpload('ann', { contentType: 'image/png', bytes: bytes.length });
    expect(Date.parse(upload?.expiresAt ?? '') - Date.now()).toBeGreaterThan(14 * 60_000);
    expect(await send(upload?.url ?? '', upload?.fields ?? '', bytes)).toBe(204);
    const image = { uploadId: upload?.id ?? '' };
    const task = await userOf(stackOf(), 'ann').run({
      img2img: { prompt: 'x', image, mask: new Blob([bytes]), steps: 1, width: 64, height: 64 },
    });
    expect(task).toMatchObject({ kind: 'IMG2IMG', status: 'SUCCEEDED' });
  });
});

describe('an upload', () => {
  it('may be of one type and one size only', async () => {
    const bytes = picture();
    const { upload } = await createUpload('ann', { contentType: 'image/png', bytes: bytes.length - 1 });
    expect(await send(upload?.url ?? '', upload?.fields ?? '', bytes)).toBe(400);
    const fields = upload?.fields.replaceAll('image/png', 'text/html') ?? '';
    expect(await send(upload?.url ?? '', fields, bytes.subarray(1))).toBe(403);
  });

  it.each([
    [{ contentType: 'text/html', bytes: 1 }, 'contentType'],
    [{ contentType: 'image/png', bytes: 0 }, 'bytes'],
    [{ contentType: 'image/png', bytes: 10_000_001 }, 'bytes'],
  ])('is not let: %o', async (input, field) => {
    const { errors } = await createUpload('ann', input);
    expect(errors).toMatchObject([{ errorType: 'VALIDATION', errorInfo: { field } }]);
  });

  it("is refused where it was not done, is another owner's, or is no image", async () => {
    const submit = (sub: string, uploadId: string) =>
      userOf(stackOf(), sub).submit({ upscale: { image: { uploadId } } });
    const refusal = { name: 'ValidationError', field: 'upscale.image.uploadId' };
    const bytes = picture();
    const { upload } = await createUpload('ann', { contentType: 'image/png', bytes: bytes.length });
    const id = upload?.id ?? '';
    await expect(submit('ann', id)).rejects.toMatchObject(refusal);
    await send(upload?.url ?? '', upload?.fields ?? '', bytes);
    await expect(submit('bob', id)).rejects.toMatchObject(refusal);
    await (await submit('ann', id)).result();

    const text = new TextEncoder().encode('this is no picture');
    const lie = await createUpload('ann', { contentType: 'image/png', bytes: text.length });
    expect(await send(lie.upload?.url ?? '', lie.upload?.fields ?? '', text)).toBe(204);
    await expect(submit('ann', lie.upload?.id ?? '')).rejects.toMatchObject(refusal);
  });

  it('must be named alone', async () => {
    const image = { uploadId: crypto.randomUUID(), data: 'iVBORw0KGgo=' };
    const query = 'mutation S($input: SubmitTaskInput!) { submitTask(input: $input) { id } }';
    const { errors } = await post(stackOf(), { query, variables: { input: { upscale: { image } } } });
    expect(errors).toMatchObject([{ errorType: 'VALIDATION', errorInfo: { field: 'upscale.image' } }]);
    await expect(clientOf(stackOf()).submit({ upscale: { image: {} } })).rejects.toMatchObject({
      field: 'upscale.image',
    });
  });
});
