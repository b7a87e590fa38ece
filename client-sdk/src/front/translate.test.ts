import { describe, expect, it } from 'vitest';
import { toCatalogue } from './catalogue.ts';
import type { Kind } from './harmless.ts';
import { createOptions, type Options } from './options.ts';
import { toWork, type Work } from './translate.ts';
import { HttpError } from './wire/errors.ts';
import { parseModel } from './wire/model.ts';
import { EXTRA_SINGLE, IMG2IMG, TXT2IMG } from './wire/request-models.ts';

const MODELS = { txt2img: TXT2IMG, img2img: IMG2IMG, 'extra-single-image': EXTRA_SINGLE };

const CATALOGUE = toCatalogue([
  { kind: 'CHECKPOINT', name: 'ink' },
  { kind: 'CHECKPOINT', name: 'ink.safetensors [0123456789]' },
]);

const PNG = 'iVBORw0KGgoAAAANSUhEUgAA';

const workOf = (kind: Kind, body: object, options: Options = {}): Work =>
  toWork(
    { kind, parameters: parseModel(MODELS[kind], body), given: Object.keys(body) },
    { options: { ...createOptions(), ...options }, catalogue: CATALOGUE, randomSeed: () => 4711 },
  );

const payloadOf = (kind: Kind, body: object, options?: Options) =>
  workOf(kind, body, options).request.payload;

const refusalOf = (kind: Kind, body: object): { status: number; text: string } => {
  try {
    workOf(kind, body);
  } catch (error) {
    if (error instanceof HttpError) return { status: error.status, text: error.message };
  }
  throw new Error('It was not refused');
};

describe('a call to txt2img', () => {
  it('becomes a payload with every default of v1.10.1 said, since those of a task are others', () => {
    expect(workOf('txt2img', {}).request).toEqual({
      api: '/sdapi/v1/txt2img',
      payload: {
        ...{ prompt: '', negative_prompt: '', seed: 4711, steps: 50, cfg_scale: 7, width: 512, height: 512 },
        ...{ batch_size: 1, sampler_name: 'Euler', scheduler: 'Automatic' },
      },
    });
  });

  it('takes null for what it may leave out', () => {
    const nulls = { steps: null, cfg_scale: null, width: null, seed: null, sampler_name: null, n_iter: null };
    expect(payloadOf('txt2img', nulls)).toEqual(payloadOf('txt2img', {}));
  });

  it('makes one batch of batches, and blames the parameter that the caller has sent', () => {
    const work = workOf('txt2img', { batch_size: 2, n_iter: 3 });
    expect(work.request.payload.batch_size).toBe(6);
    expect(work.renamed.batch_size).toBe('n_iter');
  });

  it.each([
    [{ sampler_name: 'DPM++ 2M Karras' }, 'DPM++ 2M', 'Karras'],
    [{ sampler_name: 'DPM++ 2M Karras', scheduler: 'Automatic' }, 'DPM++ 2M', 'Karras'],
    [{ sampler_name: 'Euler a', scheduler: 'karras' }, 'Euler a', 'karras'],
    [{ sampler_name: '', sampler_index: 'DDIM', scheduler: '' }, 'DDIM', 'Automatic'],
    [{ sampler_name: 'nobody Karras' }, 'nobody Karras', 'Automatic'],
  ])('reads %o as a sampler and a schedule', (body, sampler, scheduler) => {
    expect(payloadOf('txt2img', body)).toMatchObject({ sampler_name: sampler, scheduler });
  });

  it('has the options of its caller, and its own before them', () => {
    const options = { sd_model_checkpoint: 'ink.safetensors [0123456789]', CLIP_stop_at_last_layers: 2 };
    expect(payloadOf('txt2img', {}, options).override_settings).toEqual({
      sd_model_checkpoint: 'ink',
      CLIP_stop_at_last_layers: 2,
    });
    const nothing = { sd_model_checkpoint: '', sd_vae: null };
    expect(payloadOf('txt2img', { override_settings: nothing }, options)).toEqual(
      payloadOf('txt2img', {}, options),
    );
    const override_settings = { sd_model_checkpoint: 'other', sd_vae: 'v', CLIP_stop_at_last_layers: 1 };
    expect(payloadOf('txt2img', { override_settings }, options).override_settings).toEqual({
      sd_model_checkpoint: 'other',
      sd_vae: 'v',
    });
  });

  it('has a second pass only where one is asked for', () => {
    const hires = { hr_scale: 1.5, hr_upscaler: null, denoising_strength: 0.4, hr_sampler_name: 'DDIM' };
    expect(payloadOf('txt2img', hires)).not.toHaveProperty('hr_scale');
    const { hr_sampler_name: _left, ...asked } = hires;
    expect(payloadOf('txt2img', { ...asked, enable_hr: true })).toMatchObject({
      enable_hr: true,
      hr_scale: 1.5,
      hr_upscaler: 'Latent',
      denoising_strength: 0.4,
    });
  });

  it.each<[object, string[]]>([
    [{ tiling: true, restore_faces: true }, ['tiling', 'restore_faces']],
    [{ refiner_checkpoint: 'xl-refiner', refiner_switch_at: 0.8 }, ['refiner_checkpoint']],
    [{ styles: ['cinematic'] }, ['styles']],
    [{ subseed: 5, subseed_strength: 0.3 }, ['subseed_strength']],
    [{ eta: 0, sampler_name: 'Euler a' }, ['eta']],
    [{ eta: 1, sampler_name: 'DDIM' }, ['eta']],
    [{ infotext: 'Steps: 3' }, ['infotext']],
    [{ enable_hr: true, hr_resize_x: 900 }, ['hr_resize_x']],
    [{ enable_hr: true, hr_prompt: 'other' }, ['hr_prompt']],
  ])('with %o is refused by name, all names at once', (body, names) => {
    const { status, text } = refusalOf('txt2img', body);
    expect(status).toBe(422);
    const { detail } = JSON.parse(text) as { detail: { loc: string[] }[] };
    expect(detail.map(({ loc }) => loc[1])).toEqual(names);
  });

  it.each([
    ['Euler a', 1],
    ['DPM++ 2M SDE Karras', 1],
    ['DDIM', 0],
    ['DPM++ 2M Karras', 0.3],
  ])('with %s may say the eta that it has anyway', (sampler_name, eta) => {
    expect(payloadOf('txt2img', { sampler_name, eta })).toEqual(payloadOf('txt2img', { sampler_name }));
  });

  it('is refused with an override that a task has no place for, unless it changes nothing', () => {
    const { text } = refusalOf('txt2img', { override_settings: { eta_noise_seed_delta: 31337 } });
    expect(text).toContain('["body","override_settings","eta_noise_seed_delta"]');
    expect(payloadOf('txt2img', { override_settings: { eta_noise_seed_delta: 0, sd_vae: null } })).toEqual(
      payloadOf('txt2img', {}),
    );
  });

  it('is refused with a script, in the words of a WebUI that does not have it', () => {
    expect(refusalOf('txt2img', { script_name: 'X/Y/Z plot' }).text).toContain(
      "Script 'X/Y/Z plot' not found",
    );
    const unit = { module: 'canny', image: PNG };
    const withUnit = (args: unknown) => ({ alwayson_scripts: { controlnet: { args } } });
    expect(refusalOf('txt2img', withUnit([{ ...unit, enabled: true }])).status).toBe(422);
    for (const off of [
      withUnit([{ ...unit, enabled: false }, unit]),
      withUnit([]),
      { alwayson_scripts: { ADetailer: { args: [false] } } },
    ]) {
      expect(payloadOf('txt2img', off)).toEqual(payloadOf('txt2img', {}));
    }
  });
});

describe('a call to img2img', () => {
  const init = { init_images: [PNG] };

  it('brings its images bare', () => {
    const body = { init_images: [`data:image/png;base64,${PNG}`], mask: PNG, resize_mode: 2 };
    expect(payloadOf('img2img', body)).toMatchObject({
      init_images: [PNG],
      mask: PNG,
      denoising_strength: 0.75,
      resize_mode: 2,
    });
  });

  it('has, with a mask, the defaults of v1.10.1, and without one nothing of it', () => {
    const usual = {
      ...{ mask: PNG, mask_blur: 4, inpainting_fill: 0, inpaint_full_res: true },
      ...{ inpaint_full_res_padding: 0, inpainting_mask_invert: 0 },
    };
    expect(payloadOf('img2img', { ...init, mask: PNG })).toMatchObject(usual);
    const nulls = Object.fromEntries(Object.keys(usual).map((name) => [name, null]));
    expect(payloadOf('img2img', { ...init, ...nulls, mask: PNG })).toMatchObject(usual);
    const { mask: _mask, ...settings } = usual;
    const bare = payloadOf('img2img', init);
    for (const body of [settings, nulls, { mask_blur_x: 1, mask_blur_y: 2, mask_round: false }])
      expect(payloadOf('img2img', { ...init, ...body })).toEqual(bare);
  });

  it('says how the mask is used', () => {
    const settings = {
      ...{ mask_blur: 12, inpainting_fill: 2, inpaint_full_res: true },
      ...{ inpaint_full_res_padding: 48, inpainting_mask_invert: 1 },
    };
    expect(payloadOf('img2img', { ...init, mask: PNG, ...settings })).toMatchObject(settings);
    const whole = { mask: PNG, inpaint_full_res: false, inpaint_full_res_padding: 9999 };
    expect(payloadOf('img2img', { ...init, ...whole })).not.toHaveProperty('inpaint_full_res_padding');
  });

  it.each([
    [{ mask_blur_x: 9, mask_blur_y: 9 }, 9],
    [{ mask_blur: 0, mask_blur_x: 9, mask_blur_y: 1 }, 0],
    [{ mask_blur: null, mask_blur_x: 4 }, 4],
  ])('reads %o as one blur', (body, blur) => {
    expect(payloadOf('img2img', { ...init, mask: PNG, ...body })).toMatchObject({ mask_blur: blur });
  });

  it('is refused with a blur of two kinds, and with a mask that is not rounded', () => {
    const { text } = refusalOf('img2img', { ...init, mask: PNG, mask_blur_x: 9, mask_round: false });
    const { detail } = JSON.parse(text) as { detail: { loc: string[]; msg: string }[] };
    expect(detail.map(({ loc }) => loc[1])).toEqual(['mask_blur_x', 'mask_round']);
    expect(detail[0]?.msg).toContain('send 4');
    expect(workOf('img2img', { ...init, mask_blur_x: 99, mask_blur_y: 99, mask: PNG }).renamed).toEqual({
      ...{ sampler_name: 'sampler_index', mask_blur: 'mask_blur_x' },
    });
  });

  it.each([
    [{}, 404, 'Init image not found'],
    [{ init_images: [PNG, PNG] }, 422, 'send one image'],
    [{ init_images: ['http://169.254.169.254/latest'] }, 500, 'Requests not allowed'],
    [{ init_images: ['R0lGODlhAQABAAAAACw='] }, 500, 'Invalid encoded image'],
    [{ init_images: [5] }, 500, 'Invalid encoded image'],
    [{ ...init, mask: 'x' }, 500, 'Invalid encoded image'],
  ])('with %o is refused as the WebUI does it', (body, status, text) => {
    expect(refusalOf('img2img', body)).toMatchObject({
      status,
      text: expect.stringContaining(text) as string,
    });
  });
});

describe('a call to extra-single-image', () => {
  it('is a factor and an upscaler', () => {
    expect(payloadOf('extra-single-image', { image: PNG, upscaler_1: 'Lanczos' })).toEqual({
      image: PNG,
      upscaling_resize: 2,
      upscaler_1: 'Lanczos',
    });
  });

  it.each([
    [{ resize_mode: 1, upscaling_resize_w: 900 }, 'resize_mode'],
    [{ gfpgan_visibility: 0.5 }, 'gfpgan_visibility'],
    [{ upscaler_2: 'Lanczos', extras_upscaler_2_visibility: 0.5 }, 'upscaler_2'],
  ])('with %o is refused by name', (body, name) => {
    expect(refusalOf('extra-single-image', { image: PNG, ...body }).text).toContain(`["body","${name}"]`);
  });
});
