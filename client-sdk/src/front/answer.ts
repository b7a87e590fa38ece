import type { Task } from '../index.ts';
import { toTimestamp } from './progress.ts';
import type { StoredImage } from '../download.ts';
import type { Work } from './translate.ts';
import { parseInfotext } from './wire/infotext.ts';

type Payload = Readonly<Record<string, unknown>>;

/** The parameters of the job as it was asked for, without the pictures that came with it. */
export const toEcho = (
  parameters: Readonly<Record<string, unknown>>,
  kind: Work['kind'],
): Readonly<Record<string, unknown>> =>
  kind === 'img2img' && parameters.include_init_images !== true
    ? { ...parameters, init_images: null, mask: null }
    : parameters;

/** Pairs of an infotext that have a key of their own in `info`. */
const OWN_KEYS = new Set([
  ...['Steps', 'Sampler', 'CFG scale', 'Seed', 'Size', 'Model hash', 'Model', 'VAE', 'VAE hash'],
  ...['Denoising strength', 'Clip skip', 'Version'],
]);

/**
 * The JSON text under `info`, with v1.10.1's keys. What really ran stands in the infotext of the first picture; where there is
 * none, since the job was interrupted, it is what was asked for. Subseeds are no task's.
 */
export const toInfo = ({ request: { payload } }: Work, task: Task): string => {
  const images = task.images ?? [];
  const infotexts = images.map(({ infotext }) => infotext ?? '');
  const { pairs } = parseInfotext(infotexts[0] ?? '');
  const count = Number(payload.batch_size);
  const seed = Number(payload.seed);
  const repeat = <T>(value: T): T[] => Array.from({ length: count }, () => value);
  const number = (key: string, fallback: unknown): number => Number(pairs[key] ?? fallback);
  const extra = Object.entries(pairs).filter(([key]) => !OWN_KEYS.has(key));
  return JSON.stringify({
    prompt: payload.prompt,
    all_prompts: repeat(payload.prompt),
    negative_prompt: payload.negative_prompt,
    all_negative_prompts: repeat(payload.negative_prompt),
    seed: images[0]?.seed ?? seed,
    all_seeds: Array.from({ length: count }, (_unused, index) => images[index]?.seed ?? seed + index),
    subseed: -1,
    all_subseeds: repeat(-1),
    subseed_strength: 0,
    ...toSize(pairs.Size, payload),
    sampler_name: pairs.Sampler ?? payload.sampler_name,
    cfg_scale: number('CFG scale', payload.cfg_scale),
    steps: number('Steps', payload.steps),
    batch_size: count,
    restore_faces: false,
    face_restoration_model: null,
    sd_model_name: pairs.Model ?? null,
    sd_model_hash: pairs['Model hash'] ?? null,
    sd_vae_name: pairs.VAE ?? null,
    sd_vae_hash: pairs['VAE hash'] ?? null,
    seed_resize_from_w: -1,
    seed_resize_from_h: -1,
    denoising_strength:
      pairs['Denoising strength'] === undefined
        ? (payload.denoising_strength ?? null)
        : Number(pairs['Denoising strength']),
    extra_generation_params: Object.fromEntries(extra),
    index_of_first_image: 0,
    infotexts,
    styles: [],
    job_timestamp: toTimestamp(new Date(task.startedAt ?? task.createdAt)),
    clip_skip: number('Clip skip', 1),
    is_using_inpainting_conditioning: false,
    version: pairs.Version ?? 'v1.10.1',
  });
};

const toSize = (size: string | undefined, payload: Payload): { width: number; height: number } => {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(size ?? '') ?? [];
  return { width: Number(width ?? payload.width), height: Number(height ?? payload.height) };
};

/** `html_info` of an upscale. */
export const toExtrasInfo = ({ request: { payload } }: Work): string =>
  `<p>Postprocess upscale by: ${Number(payload.upscaling_resize)}, Postprocess upscaler: ${escapeHtml(String(payload.upscaler_1))}</p>`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The name of the checkpoint that a picture was made with, as far as it tells. */
export const modelOf = ([image]: readonly StoredImage[]): string | undefined =>
  parseInfotext(image?.infotext ?? '').pairs.Model;
