import { unhandled } from '../../client-sdk/src/front/wire/errors.ts';
import { blur, isBlank, regionOf, toMask, type Mask, type Region } from './mask.ts';
import { hash, type Raster } from './picture.ts';
import { decodeImage, hashOf, resize } from './png.ts';

/*
 * What img2img begins with. With a mask the picture is painted into a region of a canvas: the whole of the initial image, resized,
 * or (`inpaint_full_res`) the masked part of it at its own size.
 */

type Parameters = Readonly<Record<string, unknown>>;

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Init {
  /** Of the initial image. */
  readonly hash: string;
  /** As large as what is sampled. */
  readonly start: Raster;
  readonly denoisingStrength: number;
  readonly target: Target | undefined;
}

interface Target {
  readonly canvas: Raster;
  readonly mask: Mask;
  readonly region: Region;
}

export const readInit = (parameters: Parameters, size: Size): Init => {
  // Decoded first: it is to blame even where the image is broken as well.
  const mask = typeof parameters.mask === 'string' ? decodeImage(parameters.mask) : undefined;
  const images = parameters.init_images as readonly unknown[];
  if (images.length > 1 && images.length > Number(parameters.batch_size)) {
    throw unhandled('RuntimeError', `bad number of images passed: ${images.length}`);
  }
  const image = decodeImage(images[0]);
  const target = mask && toTarget(image, mask, parameters, size);
  const begin = target ? crop(withFill(target, parameters.inpainting_fill ?? 0), target.region) : image;
  return {
    hash: hashOf(image),
    start: resize(begin, size.width, size.height),
    denoisingStrength: Number(parameters.denoising_strength),
    target,
  };
};

const toTarget = (image: Raster, mask: Raster, parameters: Parameters, size: Size): Target | undefined => {
  const isOnlyMasked = parameters.inpaint_full_res !== false;
  const canvas = isOnlyMasked ? image : resize(image, size.width, size.height);
  const { width, height } = canvas;
  const sharp = toMask(resize(mask, width, height), Boolean(parameters.inpainting_mask_invert));
  const blurOf = (axis: unknown): number => Number(parameters.mask_blur ?? axis ?? 4);
  const soft = blur(sharp, blurOf(parameters.mask_blur_x), blurOf(parameters.mask_blur_y));
  if (isOnlyMasked && isBlank(soft)) return undefined;
  const region = isOnlyMasked
    ? regionOf(soft, Number(parameters.inpaint_full_res_padding ?? 0))
    : { x: 0, y: 0, width, height };
  return { canvas, mask: soft, region };
};

/** Colours of the surroundings, what is there, noise, or nothing, which comes out as one colour. */
const withFill = ({ canvas, mask }: Target, fill: unknown): Raster => {
  if (fill === 1) return canvas;
  const surroundings = fill === 0 ? meanOutside(canvas, mask) : [];
  const data = canvas.data.map((value, offset) => {
    const filled = fill === 2 ? hash(offset, 0, 0x5bd1) & 255 : (surroundings[offset % 3] ?? 128);
    return mix(value, filled, mask.data[Math.floor(offset / 3)] ?? 0, 255);
  });
  return { ...canvas, data };
};

const meanOutside = ({ data }: Raster, mask: Mask): readonly number[] => {
  const sums = [0, 0, 0];
  let weight = 0;
  mask.data.forEach((masked, pixel) => {
    weight += 255 - masked;
    sums.forEach((sum, channel) => {
      sums[channel] = sum + (data[pixel * 3 + channel] ?? 0) * (255 - masked);
    });
  });
  return weight === 0 ? [] : sums.map((sum) => Math.floor(sum / weight));
};

/** Between the start and the new picture by the denoising strength; where the mask is black the canvas stays as it is. */
export const withInit = (painted: Raster, init: Init | undefined): Raster => {
  if (!init) return painted;
  const { start, denoisingStrength, target } = init;
  const strength = Math.round(256 * Math.min(1, Math.max(0, denoisingStrength)));
  const content: Raster = {
    ...painted,
    data: painted.data.map((value, offset) => mix(start.data[offset] ?? 0, value, strength, 256)),
  };
  return target ? pasteInto(target, content) : content;
};

const pasteInto = ({ canvas, mask, region }: Target, content: Raster): Raster => {
  const fitted = resize(content, region.width, region.height);
  const data = Uint8Array.from(canvas.data);
  for (let y = 0; y < region.height; y += 1) {
    for (let x = 0; x < region.width; x += 1) {
      const pixel = (region.y + y) * canvas.width + region.x + x;
      for (let channel = 0; channel < 3; channel += 1) {
        const value = fitted.data[(y * region.width + x) * 3 + channel] ?? 0;
        const offset = pixel * 3 + channel;
        data[offset] = mix(data[offset] ?? 0, value, mask.data[pixel] ?? 0, 255);
      }
    }
  }
  return { ...canvas, data };
};

const mix = (from: number, to: number, share: number, whole: number): number =>
  from + Math.floor(((to - from) * share) / whole);

const crop = (source: Raster, { x, y, width, height }: Region): Raster => {
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const from = ((y + row) * source.width + x) * 3;
    data.set(source.data.subarray(from, from + width * 3), row * width * 3);
  }
  return { width, height, data };
};
