import type { TaskRequest } from '../contract/request.ts';
import { megapixelStepsOf } from '../contract/work.ts';

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
  const expectedMs = (request: TaskRequest): number => (measuredMs ?? FIRST_MS) * megapixelStepsOf(request);
  return {
    expectedMs,
    deadlineMs: (request) =>
      Math.round(Math.min(LONGEST_MS, OVERHEAD_MS + MODEL_LOAD_MS + MARGIN * expectedMs(request))),
    measured: (request, inferenceMs) => {
      const newest = inferenceMs / megapixelStepsOf(request);
      measuredMs = measuredMs === undefined ? newest : measuredMs + SMOOTHING * (newest - measuredMs);
    },
    megapixelStepsPerSecond: () => (measuredMs === undefined ? undefined : 1000 / measuredMs),
  };
};
