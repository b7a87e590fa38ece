import type { InvalidRequest } from '../../contract/request.ts';

/*
 * The request shape `{api, payload}`: a path of the WebUI's API and the JSON that one would post there. `api` only
 * chooses from this table; it never becomes part of a URL. What the payload may hold is what the typed inputs may hold,
 * under the WebUI's names.
 */

const SAMPLING: Readonly<Record<string, string>> = {
  prompt: 'prompt',
  negative_prompt: 'negativePrompt',
  steps: 'steps',
  cfg_scale: 'cfgScale',
  width: 'width',
  height: 'height',
  seed: 'seed',
  batch_size: 'batchSize',
  sampler_name: 'sampler',
  sampler_index: 'sampler',
  scheduler: 'scheduler',
};

const SETTINGS: Readonly<Record<string, string>> = {
  sd_model_checkpoint: 'model',
  sd_vae: 'vae',
  CLIP_stop_at_last_layers: 'clipSkip',
};

const HIRES: Readonly<Record<string, string>> = {
  hr_scale: 'scale',
  hr_upscaler: 'upscaler',
  hr_second_pass_steps: 'steps',
  denoising_strength: 'denoisingStrength',
};

const IMG2IMG: Readonly<Record<string, string>> = { ...SAMPLING, denoising_strength: 'denoisingStrength' };

const RESIZE_MODES = ['JUST_RESIZE', 'CROP_AND_RESIZE', 'RESIZE_AND_FILL'];

const INPAINT: Readonly<Record<string, string>> = {
  mask_blur: 'maskBlur',
  inpainting_mask_invert: 'maskInvert',
  inpainting_fill: 'fill',
  inpaint_full_res: 'onlyMasked',
  inpaint_full_res_padding: 'padding',
};

const FILLS = ['FILL', 'ORIGINAL', 'LATENT_NOISE', 'LATENT_NOTHING'];

/** Parameters that say how the WebUI stores and answers: the worker sets them, whatever the caller wishes. */
const IGNORED = new Set([
  'send_images',
  'save_images',
  'do_not_save_samples',
  'do_not_save_grid',
  'override_settings_restore_afterwards',
  'show_extras_results',
]);

type Kind =
  readonly ['txt2img', 'TXT2IMG'] | readonly ['img2img', 'IMG2IMG'] | readonly ['upscale', 'UPSCALE'];

interface Translation {
  readonly parameters: Record<string, unknown>;
  /** The payload's name of each parameter that was set. */
  readonly names: Map<string, string>;
}

type Translate = (key: string, value: unknown, payload: Payload, into: Translation) => boolean;

type Payload = Readonly<Record<string, unknown>>;

const put = ({ parameters, names }: Translation, name: string, value: unknown, from: string): true => {
  parameters[name] = value;
  names.set(name, from);
  return true;
};

const rename =
  (table: Readonly<Record<string, string>>): Translate =>
  (key, value, _payload, into) =>
    Object.hasOwn(table, key) && put(into, table[key] ?? key, value, key);

const settings: Translate = (key, value, _payload, into) => {
  if (key !== 'override_settings' || !isObject(value)) return false;
  return Object.entries(value).every(
    ([name, setting]) =>
      Object.hasOwn(SETTINGS, name) &&
      put(into, SETTINGS[name] ?? name, setting, `override_settings.${name}`),
  );
};

const hires: Translate = (key, value, payload, into) => {
  if (key === 'enable_hr')
    return value === true ? put(into, 'hires', hiresOf(payload), key) : value === false;
  return Object.hasOwn(HIRES, key);
};

const hiresOf = (payload: Payload): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(HIRES)
      .filter(([key]) => isGiven(payload[key]))
      .map(([key, name]) => [name, payload[key]]),
  );

/** What is one object in a request is a parameter each in a payload. */
const NESTED: Readonly<Record<string, Readonly<Record<string, string>>>> = { hires: HIRES, inpaint: INPAINT };

const nameInside = (name: string, field: string | undefined): string | undefined =>
  Object.entries(NESTED[name] ?? {}).find(([, inner]) => inner === field)?.[0];

const inpaint: Translate = (key, value, _payload, into) => {
  if (!Object.hasOwn(INPAINT, key)) return false;
  const setting = toSetting(key, value);
  if (setting === undefined) return false;
  const before = into.parameters.inpaint as object | undefined;
  // Where there is no mask, the first of them is to blame.
  const from = into.names.get('inpaint') ?? key;
  return put(into, 'inpaint', { ...before, [INPAINT[key] ?? key]: setting }, from);
};

/** The WebUI has numbers for what a request has words for. */
const toSetting = (key: string, value: unknown): unknown => {
  switch (key) {
    case 'inpainting_fill':
      return typeof value === 'number' ? FILLS[value] : undefined;
    case 'inpainting_mask_invert':
      return value === 0 || value === 1 ? value === 1 : undefined;
    default:
      return value;
  }
};

const initImage: Translate = (key, value, _payload, into) => {
  if (key === 'mask') return put(into, 'mask', { data: value }, key);
  if (key === 'resize_mode') return put(into, 'resizeMode', RESIZE_MODES[Number(value)] ?? value, key);
  if (key !== 'init_images' || !Array.isArray(value) || value.length !== 1) return false;
  return put(into, 'image', { data: value[0] as unknown }, key);
};

const upscaling: Translate = (key, value, _payload, into) =>
  key === 'image' ? put(into, 'image', { data: value }, key) : key === 'resize_mode' && value === 0;

const APIS: Readonly<Record<string, { kind: Kind; translators: readonly Translate[] }>> = {
  '/sdapi/v1/txt2img': { kind: ['txt2img', 'TXT2IMG'], translators: [rename(SAMPLING), settings, hires] },
  '/sdapi/v1/img2img': {
    kind: ['img2img', 'IMG2IMG'],
    translators: [rename(IMG2IMG), settings, initImage, inpaint],
  },
  '/sdapi/v1/extra-single-image': {
    kind: ['upscale', 'UPSCALE'],
    translators: [rename({ upscaling_resize: 'scale', upscaler_1: 'upscaler' }), upscaling],
  },
};

type FromPayload =
  | {
      readonly ok: true;
      readonly kind: Kind;
      readonly parameters: Record<string, unknown>;
      /** Turns `txt2img.cfgScale` back into `payload.cfg_scale`. */
      readonly toPayloadField: (field: string) => string;
    }
  | { readonly ok: false; readonly invalid: InvalidRequest };

const refuse = (field: string, message: string): FromPayload => ({ ok: false, invalid: { field, message } });

export const fromPayload = (api: unknown, payload: unknown): FromPayload => {
  const known = typeof api === 'string' && Object.hasOwn(APIS, api) ? APIS[api] : undefined;
  if (!known) return refuse('api', `must be one of ${Object.keys(APIS).join(', ')}`);
  if (!isObject(payload)) return refuse('payload', 'must be a JSON object');
  const translation: Translation = { parameters: {}, names: new Map() };
  for (const [key, value] of Object.entries(payload)) {
    if (IGNORED.has(key) || !isGiven(value)) continue;
    const taken = known.translators.some((translate) => translate(key, value, payload, translation));
    if (!taken)
      return refuse(`payload.${key}`, `is not supported for ${api as string}, or not with this value`);
  }
  return {
    ok: true,
    kind: known.kind,
    parameters: translation.parameters,
    toPayloadField: (field) => {
      const [, name = '', inner] = field.split('.');
      const parameter = nameInside(name, inner) ?? translation.names.get(name);
      return `payload.${parameter ?? name}`;
    },
  };
};

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const isObject = (value: unknown): value is Payload =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
