import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of, type DownloadImage, type StoredImage } from '../download.ts';

export interface SavedImage {
  readonly file: string;
  readonly seed: number | null;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

export interface SaveOptions {
  readonly folder: string;
  readonly taskId: string;
  readonly downloadImage: DownloadImage;
}

/** Named by their seeds. What an upscaler made has none, and is named by its task. */
export const toFileName = ({ seed, contentType }: StoredImage, taskId: string, attempt: number): string => {
  const name = seed === null ? `task-${taskId.slice(0, 8)}` : `seed-${seed}`;
  const ending = { 'image/jpeg': 'jpg', 'image/webp': 'webp' }[contentType] ?? 'png';
  return `${name}${attempt === 1 ? '' : `-${attempt}`}.${ending}`;
};

/** No file is overwritten: another of that name gets company, `seed-7-2.png`, and one that is the image already is left alone. */
export const saveImages = async (
  images: readonly StoredImage[],
  { folder, taskId, downloadImage }: SaveOptions,
): Promise<readonly SavedImage[]> => {
  await mkdir(folder, { recursive: true });
  const saved: SavedImage[] = [];
  for (const image of images) {
    const content = await downloadImage(image);
    const file = await writeBeside(content, (attempt) => join(folder, toFileName(image, taskId, attempt)));
    const { seed, sha256, width, height, bytes } = image;
    saved.push({ file, seed, sha256, width, height, bytes });
  }
  return saved;
};

const writeBeside = async (content: Buffer, toFile: (attempt: number) => string): Promise<string> => {
  for (let attempt = 1; ; attempt += 1) {
    const file = toFile(attempt);
    try {
      await writeFile(file, content, { flag: 'wx' });
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (sha256Of(await readFile(file)) === sha256Of(content)) return file;
    }
  }
};
