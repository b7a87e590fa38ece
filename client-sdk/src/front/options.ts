import { findCheckpoint, type Catalogue } from './catalogue.ts';
import { unhandled, unprocessable } from './wire/errors.ts';

/** One caller's options: in memory, gone with the process. */
export type Options = Record<string, unknown>;

/**
 * What clients read and write of the WebUI's several hundred. An empty checkpoint is the one that a worker has loaded: nobody
 * knows which before a picture was made.
 */
const DEFAULTS: Readonly<Options> = {
  sd_model_checkpoint: '',
  sd_checkpoint_hash: '',
  sd_vae: 'Automatic',
  CLIP_stop_at_last_layers: 1,
  samples_format: 'png',
  jpeg_quality: 80,
  enable_pnginfo: true,
  add_version_to_infotext: true,
  return_grid: true,
  grid_only_if_multiple: true,
  live_previews_enable: true,
  live_previews_image_format: 'png',
  show_progress_every_n_steps: 10,
  show_progress_type: 'Approx NN',
  show_progress_grid: true,
  sd_checkpoints_limit: 1,
  eta_noise_seed_delta: 0,
  randn_source: 'GPU',
  img2img_fix_steps: false,
  api_enable_requests: false,
  api_forbid_local_requests: true,
};

/** Options that would change pictures, which a task has no place for: they stay what they are. */
const FIXED = new Set(['samples_format', 'eta_noise_seed_delta', 'randn_source', 'img2img_fix_steps']);
/** The real one ignores these without a word. */
const RESTRICTED = new Set(['api_enable_requests', 'api_forbid_local_requests', 'sd_checkpoint_hash']);

export const createOptions = (): Options => ({ ...DEFAULTS });

/** Keys are applied in order; one that does not exist ends it, as with the real one. */
export const setOptions = (options: Options, wanted: Options, catalogue: Catalogue): void => {
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(DEFAULTS, key)) throw unhandled('KeyError', `'${key}'`);
    if (RESTRICTED.has(key)) continue;
    if (FIXED.has(key) && value !== DEFAULTS[key]) {
      throw unprocessable([
        {
          loc: ['body', key],
          msg: `a task of the queue has no place for it: it stays ${JSON.stringify(DEFAULTS[key])}`,
          type: 'value_error',
        },
      ]);
    }
    options[key] = key === 'sd_model_checkpoint' ? toTitle(value, catalogue) : value;
    if (key === 'sd_model_checkpoint') {
      options.sd_checkpoint_hash = findCheckpoint(catalogue, String(value))?.hash ?? '';
    }
  }
};

/** Where no worker has said what it has, a name is taken for what it is. */
const toTitle = (value: unknown, catalogue: Catalogue): string => {
  const alias = String(value ?? '');
  if (alias === '' || catalogue.checkpoints.length === 0) return alias;
  const checkpoint = findCheckpoint(catalogue, alias);
  if (!checkpoint) throw unhandled('RuntimeError', `model '${alias}' not found`);
  return checkpoint.title;
};

/** Options as they are told: who has chosen no checkpoint is shown the one that the last picture was made with. */
export const withModel = (options: Options, lastModel: string, catalogue: Catalogue): Options => {
  if (options.sd_model_checkpoint !== '' || lastModel === '') return options;
  const { title = lastModel, hash = null } = findCheckpoint(catalogue, lastModel) ?? {};
  return { ...options, sd_model_checkpoint: title, sd_checkpoint_hash: hash ?? '' };
};
