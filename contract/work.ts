import type { StoredRequest } from './request.ts';

/** Samplers that evaluate the model twice a step (A1111 v1.10.1, `/sdapi/v1/samplers`, option `second_order`). */
const SECOND_ORDER = new Set(['DPM++ SDE', 'DPM++ 2S a', 'Heun', 'DPM2', 'DPM2 a', 'Restart']);

/**
 * How much a request asks of a GPU, whichever it is: steps, each counted with the megapixels of all its images. Divided by a
 * machine's measured rate it is seconds.
 */
export const megapixelStepsOf = (request: StoredRequest): number => {
  // The size of the image is not known before it is decoded.
  if (request.kind === 'UPSCALE') return 4 * request.upscale.scale ** 2;
  const sampling = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
  const { width, height, steps, batchSize, sampler } = sampling;
  const megapixels = (width * height * batchSize) / 1e6;
  const hires = request.kind === 'TXT2IMG' ? request.txt2img.hires : undefined;
  const second = hires ? (hires.steps || steps) * hires.scale ** 2 : 0;
  return megapixels * (steps + second) * (SECOND_ORDER.has(sampler) ? 2 : 1);
};
