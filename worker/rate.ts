import type { TaskRequest } from '../contract/request.ts';

/** How fast this machine is, from what the last generations took. */
export interface Rate {
  /** What a generation should take, in milliseconds. */
  readonly expectedMs: (request: TaskRequest) => number;
  /** What it may take before something must be wrong. */
  readonly deadlineMs: (request: TaskRequest) => number;
  readonly measured: (request: TaskRequest, inferenceMs: number) => void;
  /** Steps of one megapixel in a second; undefined before the first measurement. */
  readonly megapixelStepsPerSecond: () => number | undefined;
}

/** A slow GPU: SDXL on a T4 needs about 800 ms for a step of one megapixel. */
const FIRST_MS = 1000;
/** Weight of the newest measurement. */
const SMOOTHING = 0.3;
const OVERHEAD_MS = 15_000;
/** Another checkpoint may have to be read from a slow disk first. */
const MODEL_LOAD_MS = 120_000;
const MARGIN = 3;
const LONGEST_MS = 15 * 60_000;

/** Counted in milliseconds for a step of one megapixel, a mean in which old measurements fade. */
export const createRate = (): Rate => {
  let measuredMs: number | undefined;
  const expectedMs = (request: TaskRequest): number => (measuredMs ?? FIRST_MS) * workOf(request);
  return {
    expectedMs,
    deadlineMs: (request) =>
      Math.round(Math.min(LONGEST_MS, OVERHEAD_MS + MODEL_LOAD_MS + MARGIN * expectedMs(request))),
    measured: (request, inferenceMs) => {
      const newest = inferenceMs / workOf(request);
      measuredMs = measuredMs === undefined ? newest : measuredMs + SMOOTHING * (newest - measuredMs);
    },
    megapixelStepsPerSecond: () => (measuredMs === undefined ? undefined : 1000 / measuredMs),
  };
};

/** Samplers that evaluate the model twice a step (A1111 v1.10.1, `/sdapi/v1/samplers`, option `second_order`). */
const SECOND_ORDER = new Set(['DPM++ SDE', 'DPM++ 2S a', 'Heun', 'DPM2', 'DPM2 a', 'Restart']);

/** Megapixel-steps. */
const workOf = (request: TaskRequest): number => {
  // The size of the image is not known before it is decoded.
  if (request.kind === 'UPSCALE') return 4 * request.upscale.scale ** 2;
  const sampling = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
  const { width, height, steps, batchSize, sampler } = sampling;
  const megapixels = (width * height * batchSize) / 1e6;
  const hires = request.kind === 'TXT2IMG' ? request.txt2img.hires : undefined;
  const second = hires ? (hires.steps || steps) * hires.scale ** 2 : 0;
  return megapixels * (steps + second) * (SECOND_ORDER.has(sampler) ? 2 : 1);
};
