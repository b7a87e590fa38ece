/*
 * Parameters of v1.10.1 that a task has no place for, with the values under which they change nothing. Clients send many of
 * them with every request, so those are let through; any other value is refused by name rather than dropped without a word.
 * null is always harmless.
 */

type Values = readonly unknown[] | 'any';
type Table = Readonly<Record<string, Values>>;

/** What concerns storing and answering, which is done here, or nothing at all. */
const ANSWERING: Table = {
  send_images: 'any',
  save_images: 'any',
  do_not_save_samples: 'any',
  do_not_save_grid: 'any',
  override_settings_restore_afterwards: 'any',
  force_task_id: 'any',
  comments: 'any',
};

/** Samplers to which `eta` means nothing, and those for which it is 0 unless told; for all others it is 1. */
const WITHOUT_ETA = new Set(['Euler', 'Heun', 'LMS', 'DPM2', 'DPM++ 2M', 'UniPC']);
const ETA_OF_0 = new Set(['DDIM', 'DDIM CFG++', 'PLMS']);

const etaOf = (sampler: unknown): Values =>
  WITHOUT_ETA.has(String(sampler)) ? 'any' : ETA_OF_0.has(String(sampler)) ? [0] : [1];

const SAMPLING: Table = {
  ...ANSWERING,
  styles: [],
  // Counts only with a strength.
  subseed: 'any',
  subseed_strength: [0],
  seed_resize_from_h: [-1, 0],
  seed_resize_from_w: [-1, 0],
  restore_faces: [false],
  tiling: [false],
  s_min_uncond: [0],
  s_churn: [0],
  s_tmax: [0],
  s_tmin: [0],
  s_noise: [1],
  refiner_checkpoint: ['', 'None'],
  // Counts only with a refiner.
  refiner_switch_at: 'any',
  disable_extra_networks: [false],
  // Refused as the real one refuses what is not installed.
  script_name: 'any',
  script_args: 'any',
  alwayson_scripts: 'any',
  infotext: [''],
};

/** Of a second pass that is asked for; otherwise none of these counts. */
const HIRES: Table = {
  hr_resize_x: [0],
  hr_resize_y: [0],
  hr_checkpoint_name: ['', 'Use same checkpoint'],
  hr_sampler_name: ['', 'Use same sampler'],
  hr_scheduler: ['', 'Use same scheduler'],
  hr_prompt: [''],
  hr_negative_prompt: [''],
};

/** Of a mask. A task has one blur for both axes, and `mask_blur` comes before that of an axis. */
const maskOf = ({ mask, mask_blur, mask_blur_x, mask_blur_y }: Readonly<Record<string, unknown>>): Table => {
  if (typeof mask !== 'string') return any({ mask_blur_x: [], mask_blur_y: [], mask_round: [] });
  const isTold = typeof mask_blur === 'number';
  return {
    mask_blur_x: isTold ? 'any' : [mask_blur_y ?? 4],
    mask_blur_y: isTold ? 'any' : [mask_blur_x ?? 4],
    mask_round: [true],
  };
};

const any = (table: Table): Table => Object.fromEntries(Object.keys(table).map((name) => [name, 'any']));

export type Kind = 'txt2img' | 'img2img' | 'extra-single-image';

export const harmlessFor = (
  kind: Kind,
  parameters: Readonly<Record<string, unknown>>,
  sampler: unknown,
): Table => {
  switch (kind) {
    case 'txt2img':
      return {
        ...SAMPLING,
        eta: etaOf(sampler),
        ...(parameters.enable_hr === true ? HIRES : any(HIRES)),
        firstphase_width: [0],
        firstphase_height: [0],
        firstpass_image: [''],
      };
    case 'img2img':
      return {
        ...SAMPLING,
        eta: etaOf(sampler),
        ...maskOf(parameters),
        // Counts only with a model of the instruct-pix2pix kind; this is its usual value.
        image_cfg_scale: [1.5],
        initial_noise_multiplier: [1],
        latent_mask: [''],
        include_init_images: 'any',
      };
    case 'extra-single-image':
      return {
        resize_mode: [0],
        show_extras_results: 'any',
        gfpgan_visibility: [0],
        codeformer_visibility: [0],
        // Counts only with a visibility, as a second upscaler does; a size only with the other resize mode.
        codeformer_weight: 'any',
        upscaling_resize_w: 'any',
        upscaling_resize_h: 'any',
        upscaling_crop: 'any',
        upscaler_2: parameters.extras_upscaler_2_visibility === 0 ? 'any' : ['None'],
        extras_upscaler_2_visibility: parameters.upscaler_2 === 'None' ? 'any' : [0],
        upscale_first: 'any',
      };
  }
};

export const isHarmless = (values: Values, value: unknown): boolean =>
  value === null ||
  values === 'any' ||
  values.includes(value) ||
  (Array.isArray(value) && value.length === 0 && values.length === 0);

/** What one may send instead of it. */
export const toHint = (values: Values): string =>
  values === 'any' || values.length === 0
    ? 'leave it out'
    : `leave it out, or send ${values.map((value) => JSON.stringify(value)).join(' or ')}`;
