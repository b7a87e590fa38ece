import { decode, encode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import type { A1111, Generation } from './a1111.ts';

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => string;
}

export const pixelsOf = (image: string | undefined): Pixels => {
  const { width, height, data, channels } = decode(Buffer.from(image ?? '', 'base64'));
  const at = (x: number, y: number): string => {
    const from = (y * width + x) * channels;
    return data.slice(from, from + 3).join();
  };
  return { width, height, at };
};

/** An image that is white where it is said, black elsewhere. */
export const toMask = (
  { width, height }: { readonly width: number; readonly height: number },
  isWhite: (x: number, y: number) => boolean,
): string => {
  const data = Uint8Array.from({ length: width * height * 3 }, (_unused, offset) => {
    const pixel = Math.floor(offset / 3);
    return isWhite(pixel % width, Math.floor(pixel / width)) ? 255 : 0;
  });
  return Buffer.from(encode({ width, height, data, channels: 3, depth: 8 })).toString('base64');
};

/** Share of the pixels that changed, 0…1, among those that are asked about. */
export const changeOf = (
  before: string | undefined,
  after: string | undefined,
  isAsked: (x: number, y: number) => boolean,
): number => {
  const [old, now] = [pixelsOf(before), pixelsOf(after)];
  let [asked, changed] = [0, 0];
  for (let y = 0; y < old.height; y += 1) {
    for (let x = 0; x < old.width; x += 1) {
      if (!isAsked(x, y)) continue;
      asked += 1;
      if (old.at(x, y) !== now.at(x, y)) changed += 1;
    }
  }
  return changed / asked;
};

/** What a client of WebUI v1.10.1 may rely on with a mask; part of the contract suite. */
export const describeInpainting = (webuiOf: () => A1111): void => {
  const CANVAS = { width: 128, height: 96 };
  const SMALL = { width: 64, height: 64, steps: 3, prompt: 'b', seed: 2, denoising_strength: 1 };
  const isLeft = (x: number): boolean => x < 64;
  const isRight = (x: number): boolean => x >= 64;
  const isMiddle = (x: number, y: number): boolean => x >= 48 && x < 80 && y >= 32 && y < 64;
  let canvas: string | undefined;

  const paint = async (body: object): Promise<string | undefined> => {
    const response = await webuiOf().post('img2img', { ...SMALL, init_images: [canvas], ...body });
    expect(response.status).toBe(200);
    return ((await response.json()) as Generation).images[0];
  };

  describe('a mask', () => {
    beforeAll(async () => {
      [canvas] = (await webuiOf().txt2img({ ...CANVAS, steps: 3, prompt: 'a', seed: 1 })).images;
    });

    const whole = { ...CANVAS, mask_blur: 0, inpainting_fill: 1, inpaint_full_res: false };

    it('is painted anew where it is white, and where it is black once it is inverted', async () => {
      const left = { ...whole, mask: toMask(CANVAS, isLeft) };
      const usual = await paint({ ...left, inpainting_mask_invert: 0 });
      expect(changeOf(canvas, usual, isLeft)).toBeGreaterThan(0.9);
      expect(changeOf(canvas, usual, isRight)).toBe(0);
      const inverted = await paint({ ...left, inpainting_mask_invert: 1 });
      expect(changeOf(canvas, inverted, isLeft)).toBe(0);
      expect(changeOf(canvas, inverted, isRight)).toBeGreaterThan(0.9);
    });

    it('has an edge as soft as it is told to be', async () => {
      const left = { ...whole, mask: toMask(CANVAS, isLeft) };
      const isBeyondEdge = (x: number): boolean => x >= 64 && x < 68;
      const isFar = (x: number): boolean => x >= 112;
      for (const blur of [{ mask_blur: 8 }, { mask_blur: null, mask_blur_x: 8, mask_blur_y: 8 }]) {
        const soft = await paint({ ...left, ...blur });
        expect(changeOf(canvas, soft, isBeyondEdge)).toBeGreaterThan(0.5);
        expect(changeOf(canvas, soft, isFar)).toBe(0);
      }
    });

    it('hides what is there, or not, before it is painted', async () => {
      const left = { ...whole, mask: toMask(CANVAS, isLeft), denoising_strength: 0.5 };
      const painted = await Promise.all(
        [0, 1, 2, 3].map((inpainting_fill) => paint({ ...left, inpainting_fill })),
      );
      expect(new Set(painted).size).toBe(4);
    });

    it('is sampled alone unless told otherwise, and put back into the image, which keeps its size', async () => {
      const middle = { mask: toMask(CANVAS, isMiddle), mask_blur: 0 };
      const usual = await paint(middle);
      expect(pixelsOf(usual)).toMatchObject(CANVAS);
      expect(changeOf(canvas, usual, isMiddle)).toBeGreaterThan(0.9);
      expect(changeOf(canvas, usual, (x, y) => !isMiddle(x, y))).toBe(0);
      expect(await paint({ ...middle, inpaint_full_res_padding: 16 })).not.toEqual(usual);
      const { width, height } = SMALL;
      expect(pixelsOf(await paint({ ...middle, inpaint_full_res: false }))).toMatchObject({ width, height });
    });

    it('counts as none where it is blank and nothing but it would be sampled', async () => {
      const { width, height } = SMALL;
      const painted = await paint({ mask: toMask(CANVAS, () => false) });
      expect(pixelsOf(painted)).toMatchObject({ width, height });
    });
  });
};
