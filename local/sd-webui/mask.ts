import type { Raster } from './picture.ts';

/** One byte a pixel, 0…255: how far a pixel is painted anew. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The brightness of an image; of its opposite where the mask is inverted. */
export const toMask = ({ width, height, data }: Raster, isInverted: boolean): Mask => {
  const mask = new Uint8Array(width * height);
  for (let pixel = 0; pixel < mask.length; pixel += 1) {
    const [red, green, blue] = [data[pixel * 3] ?? 0, data[pixel * 3 + 1] ?? 0, data[pixel * 3 + 2] ?? 0];
    const brightness = Math.floor((299 * red + 587 * green + 114 * blue) / 1000);
    mask[pixel] = isInverted ? 255 - brightness : brightness;
  }
  return { width, height, data: mask };
};

export const isBlank = ({ data }: Mask): boolean => data.every((value) => value === 0);

/** The mean of all pixels that are at most so far away, per axis; beyond the border lies what is at the border. */
export const blur = (mask: Mask, acrossPixels: number, downPixels: number): Mask => {
  const { width, height } = mask;
  const across = { lines: height, length: width, lineStride: width, stride: 1, radius: acrossPixels };
  const down = { lines: width, length: height, lineStride: 1, stride: width, radius: downPixels };
  return { width, height, data: blurLines(blurLines(mask.data, across), down) };
};

interface Lines {
  readonly lines: number;
  readonly length: number;
  /** From the first pixel of a line to that of the next. */
  readonly lineStride: number;
  /** From a pixel to the next of its line. */
  readonly stride: number;
  readonly radius: number;
}

const blurLines = (data: Uint8Array, { lines, length, lineStride, stride, radius }: Lines): Uint8Array => {
  if (radius <= 0) return data;
  const blurred = new Uint8Array(data.length);
  for (let line = 0; line < lines; line += 1) {
    const at = (index: number): number =>
      data[line * lineStride + Math.min(length - 1, Math.max(0, index)) * stride] ?? 0;
    let sum = 0;
    for (let index = -radius; index <= radius; index += 1) sum += at(index);
    for (let index = 0; index < length; index += 1) {
      blurred[line * lineStride + index * stride] = Math.floor(sum / (2 * radius + 1));
      sum += at(index + radius + 1) - at(index - radius);
    }
  }
  return blurred;
};

/** The smallest rectangle around all that is not black, and as much more as the padding, within the image. Not of a blank mask. */
export const regionOf = ({ width, height, data }: Mask, padding: number): Region => {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let pixel = 0; pixel < data.length; pixel += 1) {
    if (data[pixel] === 0) continue;
    const column = pixel % width;
    const row = Math.floor(pixel / width);
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  }
  const [x, y] = [Math.max(0, left - padding), Math.max(0, top - padding)];
  return {
    x,
    y,
    width: Math.min(width, right + 1 + padding) - x,
    height: Math.min(height, bottom + 1 + padding) - y,
  };
};
