import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredImage } from '../download.ts';
import { saveImages } from './save-images.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-async-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

const imageOf = (seed: number | null, contentType = 'image/png'): StoredImage => ({
  ...{ url: 'https://cdn/image', contentType, width: 64, height: 64, bytes: 5, sha256: 'abc', seed },
  infotext: null,
});

const save = (image: StoredImage, content: string) =>
  saveImages([image], {
    ...{ folder, taskId: '1b4e28ba-2fa1-41d2-883f-0016d3cca427' },
    downloadImage: () => Promise.resolve(Buffer.from(content)),
  });

describe('an image', () => {
  it('is named by its seed and its type, and by its task where it has no seed', async () => {
    await save(imageOf(7), 'a');
    await save(imageOf(8, 'image/jpeg'), 'b');
    await save(imageOf(null), 'c');
    expect((await readdir(folder)).sort()).toEqual(['seed-7.png', 'seed-8.jpg', 'task-1b4e28ba.png']);
  });

  it('overwrites no other file', async () => {
    await writeFile(join(folder, 'seed-7.png'), 'mine');
    expect(await save(imageOf(7), 'new')).toMatchObject([{ file: join(folder, 'seed-7-2.png'), seed: 7 }]);
    expect(await save(imageOf(7), 'newer')).toMatchObject([{ file: join(folder, 'seed-7-3.png') }]);
    expect(await readFile(join(folder, 'seed-7.png'), 'utf8')).toBe('mine');
  });

  it('that is there already is not written a second time', async () => {
    await save(imageOf(7), 'the same');
    expect(await save(imageOf(7), 'the same')).toMatchObject([{ file: join(folder, 'seed-7.png') }]);
    expect(await readdir(folder)).toEqual(['seed-7.png']);
  });
});
