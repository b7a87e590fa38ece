import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { TaskRequest } from '../../../contract/request.ts';
import { initSizeOf } from './init-size.ts';

const png = (width: number, height: number): string =>
  Buffer.from(
    encode({ width, height, data: new Uint8Array(width * height), channels: 1, depth: 8 }),
  ).toString('base64');

/** A JPEG's first segments, which tell its size and how it is to be turned. */
const jpeg = (width: number, height: number, orientation: number): string => {
  const exif = Buffer.from('45786966000049492a000800000001001201030001000000000000000000000000', 'hex');
  exif.writeUInt16LE(orientation, 24);
  const frame = Buffer.from('ffc0001108000000000301220002110103110', 'hex');
  const sof = Buffer.alloc(19);
  frame.copy(sof);
  sof.writeUInt16BE(height, 5);
  sof.writeUInt16BE(width, 7);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 2);
  return Buffer.concat([
    Buffer.from('ffd8ffe1', 'hex'),
    length,
    exif,
    sof,
    Buffer.from('ffd9', 'hex'),
  ]).toString('base64');
};

const inpaint = (image: string, mask = image, onlyMasked = true): TaskRequest =>
  ({
    ...{ kind: 'IMG2IMG', embedMetadata: false },
    img2img: { image: { data: image }, mask: { data: mask }, inpaint: { onlyMasked } },
  }) as unknown as TaskRequest;

describe('the size that a picture gets of which only the masked part is sampled', () => {
  it('is the initial image’s, and nobody asks for it where the whole picture is sampled', () => {
    expect(initSizeOf(inpaint(png(96, 64)))).toEqual({ width: 96, height: 64 });
    expect(initSizeOf(inpaint(png(96, 64), png(8, 8), false))).toBeUndefined();
    expect(initSizeOf({ kind: 'TXT2IMG' } as TaskRequest)).toBeUndefined();
  });

  it('is that of the image as it is turned', () => {
    expect(initSizeOf(inpaint(jpeg(96, 64, 1)))).toEqual({ width: 96, height: 64 });
    expect(initSizeOf(inpaint(jpeg(96, 64, 6)))).toEqual({ width: 64, height: 96 });
  });

  it.each([
    [
      'one that is too large to come back',
      inpaint(png(4096, 1032)),
      /img2img.image: is 4096×1032; .* at most/,
    ],
    ['a mask of another size', inpaint(png(96, 64), png(64, 64)), /img2img.mask: is 64×64, the image 96×64/],
    ['what is no image', inpaint('iVBORw0KGgo='), /img2img.image: is no image that can be read/],
  ])('is refused for %s', (_what, request, problem) => {
    expect(() => initSizeOf(request)).toThrow(problem);
  });
});
