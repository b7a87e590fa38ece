import type { TaskRequest } from '../contract/request.ts';

/** How long a generation may take, from what the last ones took on this machine. */
export interface Deadlines {
  readonly deadlineMs: (request: TaskRequest) => number;
  readonly measured: (request: TaskRequest, inferenceMs: number) => void;
}

/** A slow GPU: SDXL on a T4 needs about 800 ms for a step of one megapixel. */
const FIRST_RATE_MS = 1000;
/** Weight of the newest measurement. */
const SMOOTHING = 0.3;
const OVERHEAD_MS = 15_000;
/** Another checkpoint may have to be read from a slow disk first. */
const MODEL_LOAD_MS = 120_000;
const MARGIN = 3;
const MAX_MS = 15 * 60_000;

/** The rate is milliseconds for a step of one megapixel, a mean in which old measurements fade. */
export const createDeadlines = (): Deadlines => {
  let rateMs = FIRST_RATE_MS;
  return {
    deadlineMs: (request) =>
      Math.round(Math.min(MAX_MS, OVERHEAD_MS + MODEL_LOAD_MS + MARGIN * rateMs * workOf(request))),
    measured: (request, inferenceMs) => {
      rateMs += SMOOTHING * (inferenceMs / workOf(request) - rateMs);
    },
  };
};

/** Megapixel-steps. */
const workOf = (request: TaskRequest): number => {
  // The size of the image is not known before it is decoded.
  if (request.kind === 'UPSCALE') return 4 * request.upscale.scale ** 2;
  const { width, height, steps, batchSize } = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
  const megapixels = (width * height * batchSize) / 1e6;
  const hires = request.kind === 'TXT2IMG' ? request.txt2img.hires : undefined;
  const second = hires ? (hires.steps || steps) * hires.scale ** 2 : 0;
  return megapixels * (steps + second);
};
