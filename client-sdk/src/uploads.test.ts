import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeApi, createFakeClock, settled } from '../test/fakes.ts';
import { NetworkError } from './errors.ts';
import type { ImageSource } from './image-source.ts';
import type { FormPost } from './post-form.ts';
import { createRetry } from './retry.ts';
import { createPrepare, type Prepare, type UploadProgress } from './uploads.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const SMALL = Buffer.concat([PNG, Buffer.alloc(100)]);
const LARGE = Buffer.concat([PNG, Buffer.alloc(50_000)]);

let api: ReturnType<typeof createFakeApi>;
let clock: ReturnType<typeof createFakeClock>;
let posts: FormPost[];
let failures: Error[];
let prepare: Prepare;

beforeEach(() => {
  api = createFakeApi();
  clock = createFakeClock();
  posts = [];
  failures = [];
  prepare = createPrepare({
    api: api.transport,
    post: (post) => {
      posts.push(post);
      const failure = failures.shift();
      if (failure) return Promise.reject(failure);
      post.onProgress(post.file.size);
      return Promise.resolve();
    },
    retry: createRetry({ timers: clock.timers, random: () => 0 }),
    now: clock.timers.now,
  });
});

const upscale = (image: ImageSource, options: Parameters<Prepare>[1] = {}) =>
  prepare({ upscale: { image } }, options);

describe('an image in an input', () => {
  const sources: readonly (readonly [string, (bytes: Buffer<ArrayBuffer>, path: string) => ImageSource])[] = [
    ['a Blob', (bytes) => new Blob([bytes])],
    ['a File of the wrong name', (bytes) => new File([bytes], 'a.txt', { type: 'text/plain' })],
    ['a Buffer', (bytes) => bytes],
    ['an ArrayBuffer', (bytes) => new Uint8Array(bytes).buffer],
    ['a data URL', (bytes) => `data:image/png;base64,${bytes.toString('base64')}`],
    ['base64', (bytes) => ({ data: bytes.toString('base64') })],
    ['a path', (_bytes, path) => path],
    ['a file URL', (_bytes, path) => pathToFileURL(path)],
  ];

  it.each(sources)(
    'may be %s: inline where it is small, uploaded where it is not',
    async (_name, toSource) => {
      const folder = await mkdtemp(join(tmpdir(), 'sd-async-'));
      try {
        for (const bytes of [SMALL, LARGE]) {
          const path = join(folder, `${bytes.length}`);
          await writeFile(path, bytes);
          const { upscale: prepared } = await upscale(toSource(Buffer.from(bytes), path));
          const isSmall = bytes === SMALL;
          expect(prepared?.image).toEqual(
            isSmall ? { data: SMALL.toString('base64') } : { uploadId: 'upload-1' },
          );
        }
      } finally {
        await rm(folder, { recursive: true });
      }
      expect(api.calls).toEqual([`createUpload image/png ${LARGE.length}`]);
      expect(posts).toMatchObject([{ url: 'https://uploads.example', fields: { key: 'k' } }]);
    },
  );

  it.each<[string, ImageSource, RegExp]>([
    ['a web address', 'https://example.com/a.png', /not fetched/],
    ['a file that is not there', '/nowhere/a.png', /can't be read/],
    ['no image', new Blob(['hello']), /PNG, JPEG or WebP/],
    ['no base64', { data: '***' }, /base64/],
    ['too large', new Blob([PNG, Buffer.alloc(10_000_000)]), /limit/],
  ])('is refused where it is %s, with its field', async (_name, image, message) => {
    const refusal = prepare({ img2img: { prompt: 'x', image: SMALL, mask: image } }, {});
    await expect(refusal).rejects.toMatchObject({ name: 'ValidationError', field: 'img2img.mask' });
    await expect(refusal).rejects.toThrow(message);
    expect(api.calls).toEqual([]);
  });

  it('is passed on where it was uploaded before', async () => {
    const input = { img2img: { prompt: 'x', image: { uploadId: 'u' } } };
    expect(await prepare(input, {})).toEqual({
      img2img: { prompt: 'x', image: { uploadId: 'u' }, mask: null },
    });
  });
});

describe('an upload', () => {
  it('tells how far it is', async () => {
    const told: UploadProgress[] = [];
    await upscale(LARGE, { onUpload: (progress) => told.push(progress) });
    const total = LARGE.length;
    expect(told).toEqual([
      { field: 'upscale.image', loaded: 0, total },
      { field: 'upscale.image', loaded: total, total },
    ]);
  });

  it('is done once for one file, and again when its object may be gone', async () => {
    const file = new Blob([LARGE]);
    const first = await upscale(file);
    expect(await upscale(file)).toEqual(first);
    expect(posts).toHaveLength(1);
    await clock.advance(13 * 3_600_000);
    expect(await upscale(file)).not.toEqual(first);
  });

  it('is tried again with another form where it did not get through', async () => {
    failures.push(new NetworkError('cut'), new NetworkError('cut'));
    const prepared = upscale(LARGE);
    await settled();
    await clock.advance(10_000);
    expect((await prepared).upscale?.image).toEqual({ uploadId: 'upload-3' });
    expect(posts).toHaveLength(3);
  });

  it('ends with the signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(upscale(LARGE, { signal })).rejects.toThrow('enough');
    expect(posts).toEqual([]);
  });
});
