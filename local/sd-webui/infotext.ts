import { shortHash, type Checkpoint } from './catalogue.ts';

/** What a job really does, after every default and silent fallback. */
export interface EffectiveJob {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seeds: readonly number[];
  readonly subseeds: readonly number[];
  readonly subseedStrength: number;
  readonly width: number;
  readonly height: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly cfgScale: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly denoisingStrength: number | null;
  readonly clipSkip: number;
  readonly checkpoint: Checkpoint;
  readonly vae: string | null;
  readonly extra: Readonly<Record<string, string | number>>;
}

export const VERSION = 'v1.10.1';

/** `7` reads `7.0`, as a Python float does. */
const toFloatText = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

const quote = (value: string | number): string =>
  /[,:\n]/.test(String(value)) ? JSON.stringify(String(value)) : String(value);

/** The generation parameters text: prompt, negative prompt, and one line of `key: value` pairs in the WebUI's order. */
export const toInfotext = (job: EffectiveJob, index: number): string => {
  const pairs: readonly (readonly [string, string | number | null])[] = [
    ['Steps', job.steps],
    ['Sampler', job.sampler],
    ['Schedule type', job.scheduler],
    ['CFG scale', toFloatText(job.cfgScale)],
    ['Seed', job.seeds[index] ?? 0],
    ['Size', `${job.width}x${job.height}`],
    ['Model hash', shortHash(job.checkpoint)],
    ['Model', job.checkpoint.name],
    ['VAE', job.vae],
    ['Denoising strength', job.denoisingStrength],
    ['Clip skip', job.clipSkip > 1 ? job.clipSkip : null],
    ...Object.entries(job.extra),
    ['Version', VERSION],
  ];
  const last = pairs
    .flatMap(([key, value]) => (value === null ? [] : [`${key}: ${quote(value)}`]))
    .join(', ');
  const negative = job.negativePrompt === '' ? '' : `\nNegative prompt: ${job.negativePrompt}`;
  return `${job.prompt}${negative}\n${last}`;
};

/** The JSON text under `info`; `done` images were made of all that were planned. */
export const toInfo = (job: EffectiveJob, infotexts: readonly string[], indexOfFirstImage: number): string =>
  JSON.stringify({
    prompt: job.prompt,
    all_prompts: job.seeds.map(() => job.prompt),
    negative_prompt: job.negativePrompt,
    all_negative_prompts: job.seeds.map(() => job.negativePrompt),
    seed: job.seeds[0] ?? 0,
    all_seeds: job.seeds,
    subseed: job.subseeds[0] ?? 0,
    all_subseeds: job.subseeds,
    subseed_strength: job.subseedStrength,
    width: job.width,
    height: job.height,
    sampler_name: job.sampler,
    cfg_scale: job.cfgScale,
    steps: job.steps,
    batch_size: job.batchSize,
    restore_faces: false,
    face_restoration_model: null,
    sd_model_name: job.checkpoint.name,
    sd_model_hash: shortHash(job.checkpoint),
    sd_vae_name: job.vae,
    sd_vae_hash: null,
    seed_resize_from_w: -1,
    seed_resize_from_h: -1,
    denoising_strength: job.denoisingStrength,
    extra_generation_params: { 'Schedule type': job.scheduler, ...job.extra },
    index_of_first_image: indexOfFirstImage,
    infotexts,
    styles: [],
    job_timestamp: toTimestamp(new Date()),
    clip_skip: job.clipSkip,
    is_using_inpainting_conditioning: false,
    version: VERSION,
  });

export const toTimestamp = (date: Date): string => date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
