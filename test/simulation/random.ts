/** 0…1, the same for the same numbers, and without order: a draw more or less changes no other. */
export const chance = (seed: number, index: number): number => {
  let hash = Math.imul(seed ^ (index * 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4eb2f);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
};

/** A sequence of such draws. */
export const createRandom = (seed: number): (() => number) => {
  let index = 0;
  return () => chance(seed, (index += 1));
};

export const toUuid = (random: () => number): string => {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
};
