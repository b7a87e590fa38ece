import { describe, expect, it } from 'vitest';
import { blur, isBlank, regionOf, toMask, type Mask } from './mask.ts';

/** A row for each string: `#` is white. */
const maskOf = (...rows: readonly string[]): Mask => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8Array.from([...rows.join('')].map((one) => (one === '#' ? 255 : 0))),
});

describe('a mask', () => {
  it('is the brightness of an image, or its opposite', () => {
    const image = { width: 3, height: 1, data: Uint8Array.of(255, 255, 255, 0, 255, 0, 0, 0, 0) };
    expect([...toMask(image, false).data]).toEqual([255, 149, 0]);
    expect([...toMask(image, true).data]).toEqual([0, 106, 255]);
  });

  it('blurs along each axis as far as it is told to, and no further', () => {
    const { data } = blur(maskOf('...##', '...##'), 1, 0);
    expect([...data]).toEqual([0, 0, 85, 170, 255, 0, 0, 85, 170, 255]);
    expect([...blur(maskOf('.', '#', '#'), 5, 1).data]).toEqual([85, 170, 255]);
    const sharp = maskOf('.#', '#.');
    expect(blur(sharp, 0, 0)).toEqual(sharp);
  });

  it('has a region around all that is white, which padding enlarges up to the border', () => {
    const mask = maskOf('......', '..#...', '...#..', '......');
    expect(regionOf(mask, 0)).toEqual({ x: 2, y: 1, width: 2, height: 2 });
    expect(regionOf(mask, 2)).toEqual({ x: 0, y: 0, width: 6, height: 4 });
    expect(isBlank(mask)).toBe(false);
    expect(isBlank(maskOf('..'))).toBe(true);
  });
});
