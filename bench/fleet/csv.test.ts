import { describe, expect, it } from 'vitest';
import { parseArrivals } from './csv.ts';

describe('arrivals of one’s own', () => {
  it('are sorted, counted from the first, and of estimated length where that is not known', () => {
    const text = 'megapixelSteps,at,gpuSeconds\n33,2026-01-31T12:01:00Z,\n5.2,2026-01-31T12:00:00Z,1.9\n\n';
    expect(parseArrivals(text)).toEqual([
      { at: 0, megapixelSteps: 5.2, gpuSeconds: 1.9 },
      { at: 60, megapixelSteps: 33, gpuSeconds: 10 },
    ]);
    expect(parseArrivals('at,megapixelSteps\n5,33\n')).toEqual([
      { at: 0, megapixelSteps: 33, gpuSeconds: 10 },
    ]);
  });

  it.each([
    ['time,work\n1,2', /must name the columns at and megapixelSteps/],
    ['at,megapixelSteps\nyesterday,2', /Line 2: at is neither/],
    ['at,megapixelSteps\n1,-2', /Line 2: megapixelSteps is not/],
    ['at,megapixelSteps,gpuSeconds\n1,2,x', /Line 2: gpuSeconds is not/],
    ['at,megapixelSteps\n', /no arrivals/],
  ])('are refused where they can’t be read: %j', (text, message) => {
    expect(() => parseArrivals(text)).toThrow(message);
  });
});
