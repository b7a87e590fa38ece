import { findCheckpoint, type Catalogue } from './catalogue.ts';
import { harmlessFor, isHarmless, toHint, type Kind } from './harmless.ts';
import { toImage } from './images.ts';
import type { Options } from './options.ts';
import type { QueueRequest } from './queue.ts';
import { httpException, unprocessable, type FieldError } from './wire/errors.ts';
import { splitSamplerName } from './wire/names.ts';

type Parameters = Readonly<Record<string, unknown>>;

/** A call as it goes into the queue, and what of it the answer needs. */
export interface Work {
  readonly kind: Kind;
  readonly request: QueueRequest;
  /** Names in the payload that the caller knows under another one. */
  readonly renamed: Readonly<Record<string, string>>;
  readonly label: string | undefined;
}

export interface Call {
  readonly kind: Kind;
  /** As parsed, defaults included. */
  readonly parameters: Parameters;
  /** What the caller has sent: a default that is none of the task's is refused by nobody. */
  readonly given: readonly string[];
}

export interface Surroundings {
  readonly options: Options;
  readonly catalogue: Catalogue;
  /** 0…4294967293, as the WebUI draws it. Drawn here, so that it is known even where no picture comes of it. */
  readonly randomSeed: () => number;
}

/** What a task has a place for, beside what txt2img and img2img share. */
const FORWARDED: Readonly<Record<Kind, readonly string[]>> = {
  txt2img: ['enable_hr', 'hr_scale', 'hr_upscaler', 'hr_second_pass_steps', 'denoising_strength'],
  img2img: [
    ...['init_images', 'mask', 'denoising_strength', 'resize_mode', 'mask_blur', 'inpainting_mask_invert'],
    ...['inpainting_fill', 'inpaint_full_res', 'inpaint_full_res_padding'],
  ],
  'extra-single-image': ['image', 'upscaling_resize', 'upscaler_1'],
};

const SAMPLING = [
  ...['prompt', 'negative_prompt', 'seed', 'steps', 'cfg_scale', 'width', 'height'],
  ...['sampler_name', 'sampler_index', 'scheduler', 'batch_size', 'n_iter', 'override_settings'],
];

/** Throws what the WebUI would answer, and a 422 that names every parameter which a task has no place for. */
export const toWork = (call: Call, surroundings: Surroundings): Work => {
  const { kind, parameters } = call;
  refuseScripts(parameters);
  refuseOthers(call, toSampler(parameters, surroundings.catalogue).sampler_name);
  const { payload, renamed } =
    kind === 'extra-single-image' ? toExtras(parameters) : toGeneration(kind, parameters, surroundings);
  return {
    kind,
    request: { api: `/sdapi/v1/${kind}`, payload },
    renamed,
    label: typeof parameters.force_task_id === 'string' ? parameters.force_task_id : undefined,
  };
};

/** Those that clients send switched off when nobody wants them, lest the WebUI takes what it was told the last time. */
const refuseScripts = ({ script_name: name, alwayson_scripts: alwaysOn }: Parameters): void => {
  if (typeof name === 'string' && name !== '' && name !== 'None') {
    throw httpException(422, `Script '${name}' not found`);
  }
  for (const [title, script] of Object.entries((alwaysOn ?? {}) as object)) {
    if (doesSomething(title, script)) throw httpException(422, `Script '${title}' not found`);
  }
};

const doesSomething = (title: string, script: unknown): boolean => {
  const { args } = (script ?? {}) as { args?: unknown };
  if (!Array.isArray(args)) return true;
  switch (title.toLowerCase()) {
    case 'controlnet':
      return args.some((unit: unknown) => (unit as { enabled?: unknown } | null)?.enabled === true);
    case 'adetailer':
      return args[0] !== false;
    default:
      return true;
  }
};

const refuseOthers = ({ kind, parameters, given }: Call, sampler: unknown): void => {
  const forwarded = new Set([...FORWARDED[kind], ...(kind === 'extra-single-image' ? [] : SAMPLING)]);
  const harmless = harmlessFor(kind, parameters, sampler);
  const refused = given
    .filter((name) => Object.hasOwn(parameters, name) && !forwarded.has(name))
    .flatMap((name): FieldError[] => {
      const values = harmless[name] ?? [];
      if (isHarmless(values, parameters[name])) return [];
      return [{ loc: ['body', name], ...noPlace(toHint(values)) }];
    });
  if (refused.length > 0) throw unprocessable(refused);
};

const noPlace = (hint: string): Omit<FieldError, 'loc'> => ({
  msg: `a task of the queue has no place for it: ${hint}`,
  type: 'value_error',
});

interface Translation {
  readonly payload: Record<string, unknown>;
  readonly renamed: Readonly<Record<string, string>>;
}

const toExtras = ({ image, upscaling_resize, upscaler_1 }: Parameters): Translation => ({
  payload: { image: toImage(image), upscaling_resize, upscaler_1 },
  renamed: {},
});

const toGeneration = (
  kind: 'txt2img' | 'img2img',
  parameters: Parameters,
  surroundings: Surroundings,
): Translation => {
  const batchSize = Number(parameters.batch_size ?? 1);
  const iterations = Number(parameters.n_iter ?? 1);
  const settings = toSettings(parameters, surroundings);
  const payload = {
    prompt: parameters.prompt ?? '',
    negative_prompt: parameters.negative_prompt ?? '',
    seed: toSeed(parameters.seed, surroundings.randomSeed),
    steps: parameters.steps ?? 50,
    cfg_scale: parameters.cfg_scale ?? 7,
    width: toSide(parameters.width),
    height: toSide(parameters.height),
    // Batches one after the other have the seeds of one batch of all.
    batch_size: batchSize * iterations,
    ...toSampler(parameters, surroundings.catalogue),
    ...(Object.keys(settings).length > 0 && { override_settings: settings }),
    ...(kind === 'txt2img' ? toHires(parameters) : toInit(parameters)),
  };
  const renamed = {
    ...(!parameters.sampler_name && { sampler_name: 'sampler_index' }),
    ...(iterations !== 1 && { batch_size: 'n_iter' }),
    ...(kind === 'img2img' && parameters.mask_blur === null && { mask_blur: 'mask_blur_x' }),
  };
  return { payload, renamed };
};

/** The latent is an eighth: what a multiple of 8 leaves over is cut off. */
const toSide = (pixels: unknown): number => Math.trunc(Number(pixels ?? 512) / 8) * 8;

const toSeed = (seed: unknown, randomSeed: () => number): unknown =>
  seed === null || seed === -1 ? randomSeed() : seed;

const toSampler = (
  { sampler_name: name, sampler_index: index, scheduler }: Parameters,
  { samplers, schedulers }: Catalogue,
): Record<string, unknown> => {
  const wanted = String(name || index);
  const split = samplers.includes(wanted) ? undefined : splitSamplerName(wanted, samplers, schedulers);
  const [sampler, implied] = split ?? [wanted];
  const isTold = typeof scheduler === 'string' && scheduler !== '' && !/^automatic$/i.test(scheduler);
  return { sampler_name: sampler, scheduler: isTold ? scheduler : (implied ?? 'Automatic') };
};

/** The options that a task has a place for: those of the request, else those that the caller has set before. */
const toSettings = (
  parameters: Parameters,
  { options, catalogue }: Surroundings,
): Record<string, unknown> => {
  const overrides = (parameters.override_settings ?? {}) as Record<string, unknown>;
  const refused = Object.entries(overrides).filter(([key, value]) => !isSetting(key, value, options));
  if (refused.length > 0) {
    const hint = noPlace('leave it out');
    throw unprocessable(refused.map(([key]) => ({ loc: ['body', 'override_settings', key], ...hint })));
  }
  const settings = { ...pick(options), ...pick(overrides) };
  const { sd_model_checkpoint: model, sd_vae: vae, CLIP_stop_at_last_layers: clipSkip } = settings;
  const checkpoint = typeof model === 'string' ? (findCheckpoint(catalogue, model)?.name ?? model) : model;
  const given = { sd_model_checkpoint: checkpoint, sd_vae: vae, CLIP_stop_at_last_layers: clipSkip };
  return Object.fromEntries(
    Object.entries(given).filter(([key, value]) => value !== undefined && value !== USUAL[key]),
  );
};

/** What a worker does unless told. */
const USUAL: Readonly<Record<string, unknown>> = {
  sd_model_checkpoint: '',
  sd_vae: 'Automatic',
  CLIP_stop_at_last_layers: 1,
};

export const SETTINGS = ['sd_model_checkpoint', 'sd_vae', 'CLIP_stop_at_last_layers'] as const;

const pick = (from: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    SETTINGS.flatMap((key) => {
      const value = from[key];
      return value === undefined || value === null || value === '' ? [] : [[key, value] as const];
    }),
  );

/** An option that is as it is anyway may be said once more. */
const isSetting = (key: string, value: unknown, options: Options): boolean =>
  value === null ||
  (SETTINGS as readonly string[]).includes(key) ||
  (Object.hasOwn(options, key) && options[key] === value);

const toHires = (parameters: Parameters): Record<string, unknown> => {
  if (parameters.enable_hr !== true) return {};
  return {
    enable_hr: true,
    hr_scale: parameters.hr_scale ?? 2,
    hr_upscaler: parameters.hr_upscaler || 'Latent',
    hr_second_pass_steps: parameters.hr_second_pass_steps ?? 0,
    ...(parameters.denoising_strength !== null && { denoising_strength: parameters.denoising_strength }),
  };
};

const toInit = (parameters: Parameters): Record<string, unknown> => {
  const images = (parameters.init_images ?? []) as readonly unknown[];
  if (images.length === 0) throw httpException(404, 'Init image not found');
  if (images.length > 1) {
    throw unprocessable([{ loc: ['body', 'init_images'], ...noPlace('send one image') }]);
  }
  return {
    init_images: [toImage(images[0])],
    ...(typeof parameters.mask === 'string' && toInpaint(parameters.mask, parameters)),
    denoising_strength: parameters.denoising_strength,
    resize_mode: parameters.resize_mode ?? 0,
  };
};

/** Axes that differ were refused before. */
const toInpaint = (mask: string, parameters: Parameters): Record<string, unknown> => ({
  mask: toImage(mask),
  mask_blur: parameters.mask_blur ?? parameters.mask_blur_x ?? 4,
  inpainting_mask_invert: parameters.inpainting_mask_invert ?? 0,
  inpainting_fill: parameters.inpainting_fill ?? 0,
  inpaint_full_res: parameters.inpaint_full_res ?? true,
  // Counts only there.
  ...(parameters.inpaint_full_res !== false && {
    inpaint_full_res_padding: parameters.inpaint_full_res_padding ?? 0,
  }),
});
