import { describe, expect, it } from 'vitest';
import { learnBootSeconds } from './boot-time.ts';

describe('what a boot takes', () => {
  it('is learned from those that were seen, and old ones fade', () => {
    expect(learnBootSeconds(undefined, 120)).toBe(120);
    expect(learnBootSeconds(120, 220)).toBe(150);
    let learned: number | undefined = 400;
    for (let boot = 0; boot < 20; boot += 1) learned = learnBootSeconds(learned, 100);
    expect(learned).toBeCloseTo(100, 0);
  });

  it.each([undefined, NaN, -1, 0, 86_400, Infinity])('is not learned from %s', (seen) => {
    expect(learnBootSeconds(120, seen)).toBe(120);
    expect(learnBootSeconds(undefined, seen)).toBeUndefined();
  });
});
