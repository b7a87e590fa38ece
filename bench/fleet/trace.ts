import type { TimingProfile } from '../../local/sd-webui/timing.ts';
import { encodeMs, stepMs, vaeMs } from '../../local/sd-webui/timing.ts';

/** A day's arrivals, and what the world does to the fleet meanwhile. Seconds since the trace began. */
export interface Trace {
  readonly name: string;
  /** `train`: parameters may be chosen by it; `test`: it only judges. */
  readonly half: 'train' | 'test';
  readonly seconds: number;
  /** By time. */
  readonly arrivals: readonly Arrival[];
  /** From launch to ready. */
  readonly bootSeconds: number;
  /** When EC2 takes an instance back, whichever it is; each is told two minutes before. */
  readonly interruptions: readonly number[];
  readonly max: number;
}

export interface Arrival {
  readonly at: number;
  /** What the policy is told. */
  readonly megapixelSteps: number;
  /** What it takes. */
  readonly gpuSeconds: number;
}

/** A request's shape, as far as it costs time. */
export interface Shape {
  readonly side: number;
  readonly steps: number;
  readonly batchSize: number;
}

/** By the timing model of the stand-in WebUI, which the policy's megapixel-steps only approximate. */
export const toArrival = (at: number, { side, steps, batchSize }: Shape, gpu: TimingProfile): Arrival => {
  const pixels = side * side;
  const workload = { pixels, batchSize, secondOrder: false };
  const ms =
    1000 * gpu.overheadSeconds +
    steps * stepMs(gpu, workload) +
    vaeMs(gpu, workload) +
    batchSize * encodeMs(gpu, pixels);
  return { at, megapixelSteps: (pixels * steps * batchSize) / 1e6, gpuSeconds: ms / 1000 };
};
