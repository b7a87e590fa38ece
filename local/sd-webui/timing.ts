/** Seconds on one GPU with one family of models. */
export interface TimingProfile {
  /** For one UNet evaluation of one image at the reference size. */
  readonly secondsPerStep: number;
  readonly referencePixels: number | undefined;
  readonly vaeSeconds: number;
  /** What each image of a batch of 2 and of 4 costs, compared to a single one. */
  readonly batchOf2: number;
  readonly batchOf4: number;
  /** Of the whole job, and for each megapixel of a finished image. */
  readonly overheadSeconds: number;
  readonly encodeSecondsPerMegapixel: number;
}

const SD15 = 512 * 512;
const SDXL = 1024 * 1024;

const profile = (
  secondsPerStep: number,
  referencePixels: number | undefined,
  vaeSeconds: number,
  batchOf2: number,
  batchOf4: number,
): TimingProfile => ({
  secondsPerStep,
  referencePixels,
  vaeSeconds,
  batchOf2,
  batchOf4,
  overheadSeconds: 0.3,
  encodeSecondsPerMegapixel: 0.25,
});

/**
 * Derived from published benchmarks of the WebUI (System-Info extension, Stability's model cards), not measured by us. `demo`
 * is what one likes to watch, `instant` what tests need.
 */
export const PROFILES: Readonly<Record<string, TimingProfile>> = {
  't4-sd15': profile(0.165, SD15, 0.25, 1, 1),
  'a10g-sd15': profile(0.07, SD15, 0.1, 0.9, 0.82),
  'l4-sd15': profile(0.083, SD15, 0.12, 0.92, 0.92),
  'l40s-sd15': profile(0.045, SD15, 0.05, 0.6, 0.4),
  't4-sdxl': profile(0.8, SDXL, 2.5, 1, 1),
  'a10g-sdxl': profile(0.3, SDXL, 0.8, 0.95, 0.92),
  'l4-sdxl': profile(0.36, SDXL, 0.9, 0.97, 0.95),
  'l40s-sdxl': profile(0.13, SDXL, 0.3, 0.9, 0.85),
  demo: { ...profile(0.03, undefined, 0.05, 1, 1), overheadSeconds: 0.05, encodeSecondsPerMegapixel: 0 },
  instant: { ...profile(0, undefined, 0, 1, 1), overheadSeconds: 0, encodeSecondsPerMegapixel: 0 },
};

export interface Workload {
  readonly pixels: number;
  readonly batchSize: number;
  readonly secondOrder: boolean;
}

/** Milliseconds of one step of a batch. */
export const stepMs = (timing: TimingProfile, { pixels, batchSize, secondOrder }: Workload): number => {
  const share = batchSize >= 4 ? timing.batchOf4 : batchSize >= 2 ? timing.batchOf2 : 1;
  const size = timing.referencePixels === undefined ? 1 : (pixels / timing.referencePixels) ** 1.1;
  return 1000 * timing.secondsPerStep * (secondOrder ? 2 : 1) * batchSize * share * size;
};

/** Milliseconds to decode a batch of latents. */
export const vaeMs = (timing: TimingProfile, { pixels, batchSize }: Workload): number =>
  1000 *
  timing.vaeSeconds *
  batchSize *
  (timing.referencePixels === undefined ? 1 : pixels / timing.referencePixels);

export const encodeMs = (timing: TimingProfile, pixels: number): number =>
  1000 * timing.encodeSecondsPerMegapixel * (pixels / 1e6);
