import { decode, encode } from 'fast-png';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { httpException } from './errors.ts';
import type { Raster } from './picture.ts';

const SIGNATURE_AND_HEADER_BYTES = 8 + 25;

/**
 * A PNG whose only metadata is the text `parameters`, in a `tEXt` chunk where Latin-1 suffices and in an `iTXt` chunk
 * otherwise, as Pillow does it for the WebUI.
 */
export const encodePng = ({ width, height, data }: Raster, parameters?: string): Buffer => {
  const png = Buffer.from(encode({ width, height, data, channels: 3, depth: 8 }));
  if (parameters === undefined) return png;
  const header = png.subarray(0, SIGNATURE_AND_HEADER_BYTES);
  return Buffer.concat([header, toTextChunk(parameters), png.subarray(SIGNATURE_AND_HEADER_BYTES)]);
};

const toTextChunk = (text: string): Buffer => {
  const isLatin1 = [...text].every((character) => (character.codePointAt(0) ?? 0) <= 0xff);
  return isLatin1
    ? toChunk('tEXt', Buffer.concat([Buffer.from('parameters\0', 'latin1'), Buffer.from(text, 'latin1')]))
    : toChunk(
        'iTXt',
        Buffer.concat([Buffer.from('parameters\0\0\0\0\0', 'latin1'), Buffer.from(text, 'utf8')]),
      );
};

const toChunk = (type: string, content: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
};

/** The text of the chunk called `parameters`, whichever of both kinds it is. */
export const readParameters = (png: Uint8Array): string | undefined => {
  const bytes = Buffer.from(png);
  for (let offset = 8; offset + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    const content = bytes.subarray(offset + 8, offset + 8 + length);
    if (type === 'tEXt' && content.toString('latin1', 0, 11) === 'parameters\0')
      return content.toString('latin1', 11);
    if (type === 'iTXt' && content.toString('latin1', 0, 11) === 'parameters\0')
      return content.toString('utf8', 15);
    offset += 12 + length;
  }
  return undefined;
};

/**
 * An image input: bare base64 or a data URL. Addresses are refused as a WebUI does that was told `api_enable_requests: false`.
 * JPEG and WebP are accepted for what they are, and seen as a grey square: nothing here decodes them.
 */
export const decodeImage = (input: unknown): Raster => {
  if (typeof input !== 'string') throw httpException(500, 'Invalid encoded image');
  if (/^https?:/.test(input)) throw httpException(500, 'Requests not allowed');
  const bytes = Buffer.from(input.replace(/^data:image\/[^;]+;base64,/, ''), 'base64');
  if (bytes.subarray(0, 2).toString('hex') === 'ffd8' || bytes.subarray(0, 4).toString() === 'RIFF') {
    return { width: 512, height: 512, data: new Uint8Array(512 * 512 * 3).fill(bytes.at(-1) ?? 128) };
  }
  try {
    return toRgb(decode(bytes, { checkCrc: true }));
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
