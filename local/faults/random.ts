import { createHash } from 'node:crypto';

/** Chance with a seed: the same numbers in every run. Each is from 0 up to, not including, 1. */
export type Random = () => number;

/** A number that follows from the seed and the parts alone, whatever else was asked before. */
export const chanceOf = (seed: number, ...parts: readonly (string | number)[]): number =>
  createHash('sha256')
    .update(JSON.stringify([seed, ...parts]))
    .digest()
    .readUInt32BE(0) /
  2 ** 32;

/** One number after the other; streams of different names have nothing to do with each other. */
export const createRandom = (seed: number, name: string): Random => {
  let drawn = 0;
  return () => chanceOf(seed, name, (drawn += 1));
};

/** A whole number from `min` to `max`. */
export const between = (random: Random, min: number, max: number): number =>
  min + Math.floor(random() * (max - min + 1));

/** One of the list; undefined where it is empty. */
export const oneOf = <T>(random: Random, list: readonly T[]): T | undefined =>
  list[Math.floor(random() * list.length)];
