import { decode, encode } from 'fast-png';
import { imageSize } from 'image-size';
import { createHash } from 'node:crypto';
import { httpException } from '../../client-sdk/src/front/wire/errors.ts';
import { withParameters } from '../../client-sdk/src/front/wire/png-text.ts';
import type { Raster } from './picture.ts';

/** A PNG whose only metadata is the text `parameters`. */
export const encodePng = ({ width, height, data }: Raster, parameters?: string): Buffer => {
  const png = Buffer.from(encode({ width, height, data, channels: 3, depth: 8 }));
  return parameters === undefined ? png : withParameters(png, parameters);
};

/**
 * An image input: bare base64 or a data URL. Addresses are refused as a WebUI does that was told `api_enable_requests: false`.
 * JPEG and WebP are accepted for what they are, and seen as grey: nothing here decodes more of them than their size.
 */
export const decodeImage = (input: unknown): Raster => {
  if (typeof input !== 'string') throw httpException(500, 'Invalid encoded image');
  if (/^https?:/.test(input)) throw httpException(500, 'Requests not allowed');
  const bytes = Buffer.from(input.replace(/^data:image\/[^;]+;base64,/, ''), 'base64');
  if (bytes.subarray(0, 2).toString('hex') === 'ffd8' || bytes.subarray(0, 4).toString() === 'RIFF') {
    return toGrey(bytes);
  }
  try {
    return toRgb(decode(bytes, { checkCrc: true }));
  } catch {
    throw httpException(500, 'Invalid encoded image');
  }
};

const toGrey = (bytes: Buffer): Raster => {
  try {
    const { width, height, orientation = 1 } = imageSize(bytes);
    const data = new Uint8Array(width * height * 3).fill(bytes.at(-1) ?? 128);
    return orientation >= 5 ? { width: height, height: width, data } : { width, height, data };
  } catch {
    throw httpException(500, 'Invalid encoded image');
  }
};

const toRgb = ({ width, height, data, channels, depth }: ReturnType<typeof decode>): Raster => {
  const shift = depth === 16 ? 8 : 0;
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[pixel * 3 + channel] = (data[pixel * channels + (channels >= 3 ? channel : 0)] ?? 0) >> shift;
    }
  }
  return { width, height, data: rgb };
};

/** Nearest neighbour: enough to tell that something was resized, and how. */
export const resize = (source: Raster, width: number, height: number): Raster => {
  if (source.width === width && source.height === height) return source;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const sourceRow = Math.floor((y * source.height) / height) * source.width;
    for (let x = 0; x < width; x += 1) {
      const from = (sourceRow + Math.floor((x * source.width) / width)) * 3;
      data.set(source.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data };
};

export const hashOf = ({ data }: Raster): string =>
  createHash('sha256').update(data).digest('hex').slice(0, 10);
