import { createHash } from 'node:crypto';
import { drawCaption } from './caption.ts';

/*
 * The picture for a request: a landscape whose palette and kind come from the prompt and whose shape from the seed. Whole
 * numbers only, so that the same request gives the same bytes on every machine.
 */

export interface Raster {
  readonly width: number;
  readonly height: number;
  /** RGB, three bytes a pixel, row by row. */
  readonly data: Uint8Array;
}

export interface PictureOptions {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** Steps done out of all: the fewer, the blurrier and the noisier. */
  readonly step: number;
  readonly steps: number;
  /** Whatever else the pixels shall depend on: sampler, model, initial image. */
  readonly salt: string;
}

type Color = readonly [number, number, number];

/** Upper sky, lower sky, sun, far land, near land. */
type Palette = readonly [Color, Color, Color, Color, Color];

const PALETTES: readonly Palette[] = [
  [
    [38, 42, 92],
    [240, 134, 92],
    [255, 226, 160],
    [112, 70, 110],
    [28, 22, 48],
  ],
  [
    [92, 156, 214],
    [226, 238, 240],
    [255, 250, 220],
    [120, 150, 130],
    [38, 66, 48],
  ],
  [
    [18, 22, 46],
    [58, 92, 140],
    [232, 236, 244],
    [50, 70, 96],
    [10, 16, 28],
  ],
  [
    [204, 92, 92],
    [250, 204, 142],
    [255, 240, 190],
    [160, 82, 72],
    [70, 30, 42],
  ],
  [
    [116, 186, 186],
    [244, 226, 196],
    [255, 246, 214],
    [196, 160, 110],
    [122, 84, 56],
  ],
  [
    [70, 50, 110],
    [206, 116, 160],
    [255, 206, 196],
    [104, 64, 120],
    [36, 22, 56],
  ],
  [
    [60, 110, 120],
    [180, 206, 170],
    [250, 244, 200],
    [76, 112, 90],
    [24, 48, 44],
  ],
  [
    [150, 160, 172],
    [222, 220, 214],
    [255, 252, 240],
    [122, 128, 136],
    [52, 58, 66],
  ],
];

type Scene = 'hills' | 'sea' | 'city';
const SCENES: readonly Scene[] = ['hills', 'sea', 'city'];

/** Where the prompt says what it wants, within our means. */
const SCENE_WORDS: Readonly<Record<Scene, RegExp>> = {
  sea: /\b(sea|ocean|lake|beach|coast|lighthouse|ship|water)\b/i,
  city: /\b(city|street|town|skyline|cyberpunk|building|castle)\b/i,
  hills: /\b(mountain|hill|valley|forest|desert|landscape)s?\b/i,
};

const MAX_OCTAVES = 6;
const LARGEST_CELL = 7;

export const paint = (options: PictureOptions): Raster => {
  const { prompt, negativePrompt, seed, width, height, step, steps, salt } = options;
  const digest = createHash('sha256').update(`${prompt}\0${negativePrompt}\0${salt}`).digest();
  const key = createHash('sha256').update(digest).update(String(seed)).digest();
  const palette = PALETTES[(digest[0] ?? 0) % PALETTES.length] as Palette;
  const scene =
    SCENES.find((candidate) => SCENE_WORDS[candidate].test(prompt)) ??
    (SCENES[(digest[1] ?? 0) % SCENES.length] as Scene);
  const world = createWorld(scene, palette, key, width, height);
  const octaves = 1 + Math.floor(((MAX_OCTAVES - 1) * step) / Math.max(1, steps));
  const share = steps === 0 ? 256 : Math.floor((256 * step) / steps);
  const noiseKey = key.readInt32LE(12);

  const data = new Uint8Array(width * height * 3);
  const pixel: [number, number, number] = [0, 0, 0];
  let offset = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      world(x, y, octaves, pixel);
      const grain = (hash(x, y, noiseKey) & 15) - 8;
      const noise = share < 256 ? hash(y, x, noiseKey ^ 0x5bd1) : 0;
      for (let channel = 0; channel < 3; channel += 1) {
        const clean = (pixel[channel] ?? 0) + grain;
        const value =
          share < 256 ? (clean * share + ((noise >>> (8 * channel)) & 255) * (256 - share)) >> 8 : clean;
        data[offset] = value < 0 ? 0 : value > 255 ? 255 : value;
        offset += 1;
      }
    }
  }
  const raster = { width, height, data };
  if (step === steps) drawCaption(raster, `${seed} ${prompt}`);
  return raster;
};

type World = (x: number, y: number, octaves: number, out: [number, number, number]) => void;

const createWorld = (scene: Scene, palette: Palette, key: Buffer, width: number, height: number): World => {
  const [skyTop, skyLow, sun, far, near] = palette;
  const worldKey = key.readInt32LE(0);
  const scale = Math.max(0, Math.floor(Math.log2(Math.max(width, height) / 512)));
  const horizon = Math.floor((height * (50 + ((key[4] ?? 0) % 18))) / 100);
  const sunX = Math.floor((width * (15 + ((key[5] ?? 0) % 70))) / 100);
  const sunY = Math.floor((horizon * (30 + ((key[6] ?? 0) % 50))) / 100);
  const radius = Math.max(2, Math.floor(width / (9 + ((key[7] ?? 0) % 8))));
  const halo = radius * radius * 16;

  const sky: World = (x, y, octaves, out) => {
    const down = Math.min(256, Math.floor((256 * y) / Math.max(1, horizon)));
    mix(out, skyTop, skyLow, down);
    const cloud = fractal(x, y * 2, worldKey, octaves, scale) - 120;
    if (cloud > 0) blend(out, sun, Math.min(150, cloud * 2));
    const distance = (x - sunX) ** 2 + (y - sunY) ** 2;
    if (distance < radius * radius) blend(out, sun, 230);
    else if (distance < halo) blend(out, sun, Math.floor((110 * (halo - distance)) / halo));
  };

  const ridges =
    (levels: number, roughness: number): World =>
    (x, y, octaves, out) => {
      for (let level = levels; level >= 1; level -= 1) {
        const base = horizon + Math.floor(((height - horizon) * (level - 1)) / levels);
        const rise = fractal(x, level * 977, worldKey + level, octaves, scale);
        const top = base - Math.floor((rise * height) / roughness);
        if (y >= top) {
          mix(out, far, near, Math.floor((256 * level) / levels));
          const shade = fractal(x, y, worldKey ^ level, octaves, scale) - 128;
          add(out, shade >> 3);
          return;
        }
      }
    };

  const sea: World = (x, y, octaves, out) => {
    if (y < horizon) return;
    const depth = Math.floor((256 * (y - horizon)) / Math.max(1, height - horizon));
    mix(out, far, near, depth);
    const wave = fractal(x >> 1, y * 8, worldKey ^ 7, octaves, scale) - 128;
    add(out, wave >> 2);
    const glitter = fractal(x * 3, y * 20, worldKey ^ 11, octaves, scale) - 120;
    const spread = radius + ((y - horizon) >> 2);
    const inside = Math.floor((256 * (spread - Math.abs(x - sunX))) / spread);
    if (inside > 0 && glitter > 0) blend(out, sun, Math.min(180, (glitter * inside) >> 4));
  };

  const city: World = (x, y, octaves, out) => {
    for (let row = 2; row >= 1; row -= 1) {
      const lot = 4 + row + scale;
      const block = hash(x >> lot, row, worldKey);
      const base = horizon + Math.floor(((height - horizon) * row) / 5);
      const top = base - Math.floor(((40 + (block & 127)) * height) / (row === 2 ? 520 : 340));
      if (y < top) continue;
      mix(out, far, near, row === 2 ? 256 : 150);
      const lit = hash(x >> (2 + scale), y >> (3 + scale), worldKey ^ row);
      const inWindow = (x >> scale) % 4 !== 0 && (y >> scale) % 8 > 2;
      if (inWindow && octaves > 3 && (lit & 7) === 0) blend(out, sun, 170);
      return;
    }
  };

  const land: Readonly<Record<Scene, World>> = { hills: ridges(4, 900), sea, city };
  return (x, y, octaves, out) => {
    sky(x, y, octaves, out);
    land[scene](x, y, octaves, out);
  };
};

const mix = (out: [number, number, number], from: Color, to: Color, share: number): void => {
  out[0] = from[0] + (((to[0] - from[0]) * share) >> 8);
  out[1] = from[1] + (((to[1] - from[1]) * share) >> 8);
  out[2] = from[2] + (((to[2] - from[2]) * share) >> 8);
};

const blend = (out: [number, number, number], color: Color, share: number): void =>
  mix(out, out, color, share);

const add = (out: [number, number, number], amount: number): void => {
  out[0] += amount;
  out[1] += amount;
  out[2] += amount;
};

export const hash = (x: number, y: number, key: number): number => {
  let h = (Math.imul(x, 0x165667b1) ^ Math.imul(y, 0x27d4eb2f) ^ key) | 0;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
};

/** Value noise, 0…255: octaves of half the size and half the weight each. */
const fractal = (x: number, y: number, key: number, octaves: number, scale: number): number => {
  let sum = 0;
  let weight = 128;
  let total = 0;
  for (let octave = 0; octave < octaves; octave += 1) {
    sum += weight * valueNoise(x, y, key + octave, Math.max(1, LARGEST_CELL + scale - octave));
    total += weight;
    weight >>= 1;
  }
  return Math.floor(sum / total);
};

const valueNoise = (x: number, y: number, key: number, cell: number): number => {
  const column = x >> cell;
  const row = y >> cell;
  const right = smooth(((x - (column << cell)) << 8) >> cell);
  const down = smooth(((y - (row << cell)) << 8) >> cell);
  const a = hash(column, row, key) & 255;
  const b = hash(column + 1, row, key) & 255;
  const c = hash(column, row + 1, key) & 255;
  const d = hash(column + 1, row + 1, key) & 255;
  const top = (a << 8) + (b - a) * right;
  const bottom = (c << 8) + (d - c) * right;
  return ((top << 8) + (bottom - top) * down) >> 16;
};

/** 3t² − 2t³ on 0…256. */
const smooth = (t: number): number => (t * t * (768 - 2 * t)) >> 16;
