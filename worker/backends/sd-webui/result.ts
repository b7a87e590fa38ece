import { decode } from 'fast-png';
import * as v from 'valibot';
import { TaskError } from '../../../contract/errors.ts';
import { lorasIn, type TaskRequest } from '../../../contract/request.ts';
import type { GeneratedImage } from '../backend.ts';
import { initSizeOf, type Size } from './init-size.ts';

const generation = v.object({ images: v.array(v.string()), info: v.string() });

/** The JSON text under `info`, as far as it is read. */
const information = v.object({
  index_of_first_image: v.number(),
  all_seeds: v.array(v.number()),
  infotexts: v.array(v.string()),
  sd_model_name: v.optional(v.nullable(v.string())),
  sd_model_hash: v.optional(v.nullable(v.string())),
  sampler_name: v.string(),
  extra_generation_params: v.optional(v.object({ 'Lora hashes': v.optional(v.string()) }), {}),
});

type Information = v.InferOutput<typeof information>;

const extras = v.object({ image: v.string() });

const bad = (message: string, cause?: unknown): TaskError => new TaskError('BAD_RESULT', message, { cause });

/**
 * Reads a 200: it can still hold too few images, broken ones, black ones, or pictures of another model, sampler or LoRA than
 * the ones asked for.
 */
export const parseResult = (request: TaskRequest, body: unknown): readonly GeneratedImage[] => {
  if (request.kind === 'UPSCALE') {
    const parsed = v.safeParse(extras, body);
    if (!parsed.success) throw bad('The WebUI sent no image');
    return [readImage(parsed.output.image)];
  }
  const parsed = v.safeParse(generation, body);
  if (!parsed.success) throw bad('The WebUI sent no images');
  const info = parseInformation(parsed.output.info);
  const sampling = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
  checkModel(sampling.model, info);
  if (info.sampler_name !== sampling.sampler) {
    throw bad(`The WebUI used the sampler ${info.sampler_name} instead of ${sampling.sampler}`);
  }
  checkLoras(sampling.prompt, info);
  const first = info.index_of_first_image;
  const images = parsed.output.images.slice(first, first + sampling.batchSize);
  if (images.length < sampling.batchSize) {
    throw bad(`The WebUI sent ${images.length} of ${sampling.batchSize} images`);
  }
  const sizes = toSizes(request);
  return images.map((image, index) => {
    const infotext = info.infotexts[first + index];
    return {
      ...readImage(image, sizes),
      seed: info.all_seeds[index] ?? sampling.seed + index,
      ...(infotext !== undefined && { infotext }),
    };
  });
};

const parseInformation = (text: string): Information => {
  try {
    return v.parse(information, JSON.parse(text));
  } catch (error) {
    throw bad('The WebUI sent images without the information about them', error);
  }
};

/** A model may be named by its name or by its title, which ends in the short hash. */
const checkModel = (wanted: string | undefined, info: Information): void => {
  if (wanted === undefined) return;
  const { sd_model_name: name, sd_model_hash: hash } = info;
  const isIt = wanted === name || (typeof hash === 'string' && hash !== '' && wanted.endsWith(`[${hash}]`));
  if (!isIt) throw bad(`The WebUI used the model ${name ?? 'unknown'} instead of ${wanted}`);
};

/** A LoRA that was not found is left out without a word: only those that were used have a hash there. */
const checkLoras = (prompt: string, info: Information): void => {
  const used = info.extra_generation_params['Lora hashes'] ?? '';
  const missing = lorasIn(prompt).filter((name) => !used.includes(`${name}:`));
  if (missing.length > 0) throw bad(`The WebUI made the picture without the LoRA ${missing.join(', ')}`);
};

/**
 * Of the pictures. Where the WebUI puts what it has sampled back into the initial image they have that one's size, but where the
 * mask is blank it does not.
 */
const toSizes = (request: Exclude<TaskRequest, { kind: 'UPSCALE' }>): readonly Size[] => {
  const { width, height } = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
  const scale = request.kind === 'TXT2IMG' ? (request.txt2img.hires?.scale ?? 1) : 1;
  const sampled = { width: toLatentSize(width * scale), height: toLatentSize(height * scale) };
  const init = initSizeOf(request);
  return init ? [init, sampled] : [sampled];
};

const toLatentSize = (pixels: number): number => Math.trunc(pixels / 8) * 8;

/** Of any size unless told. */
const readImage = (base64: string, sizes?: readonly Size[]): GeneratedImage => {
  const bytes = Buffer.from(base64, 'base64');
  const { width, height, data } = decodePng(bytes);
  if (sizes && !sizes.some((size) => size.width === width && size.height === height)) {
    const expected = sizes.map((size) => `${size.width}×${size.height}`).join(' or ');
    throw bad(`The WebUI sent ${width}×${height} pixels instead of ${expected}`);
  }
  // What is left when NaNs went unnoticed.
  if (data.every((value) => value === 0)) throw new TaskError('NAN_PRODUCED', 'The picture is all black');
  return { bytes, contentType: 'image/png', width, height };
};

const decodePng = (bytes: Buffer): ReturnType<typeof decode> => {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw bad('The WebUI sent an image that is no whole PNG', error);
  }
};
