import { describe, expect, it } from 'vitest';
import type { SubmitTaskInput } from '../../contract/schema.generated.ts';
import { toTaskRequest } from './input.ts';

const parse = (input: Record<string, unknown>) => toTaskRequest(input as SubmitTaskInput, () => 42);

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const inpaint = (settings: object, mask: object | null = { data: PNG }) => ({
  img2img: { prompt: 'x', image: { data: PNG }, mask, inpaint: settings },
});

const masked = (settings: object) => ({
  api: '/sdapi/v1/img2img',
  payload: { prompt: 'x', init_images: [PNG], mask: PNG, ...settings },
});

describe('toTaskRequest', () => {
  it('fills in every default and resolves the seed, so that another attempt paints the same picture', () => {
    expect(parse({ txt2img: { prompt: 'a lighthouse', width: null, seed: -1 } })).toMatchObject({
      ok: true,
      request: {
        kind: 'TXT2IMG',
        embedMetadata: false,
        txt2img: {
          prompt: 'a lighthouse',
          negativePrompt: '',
          steps: 20,
          cfgScale: 7,
          width: 512,
          height: 512,
          seed: 42,
          batchSize: 1,
          sampler: 'Euler a',
          scheduler: 'Automatic',
        },
      },
    });
  });

  it('keeps a seed that was given', () => {
    const parsed = parse({ txt2img: { prompt: 'x', seed: 4_294_967_295 } });
    expect(parsed).toMatchObject({ ok: true, request: { txt2img: { seed: 4_294_967_295 } } });
  });

  it.each([
    [{}, 'input', 'it holds none'],
    [{ txt2img: { prompt: 'x' }, upscale: { image: { data: PNG } } }, 'input', 'txt2img and upscale'],
    [{ txt2img: { prompt: 'x' }, api: '/sdapi/v1/txt2img' }, 'input', 'txt2img and api/payload'],
    [{ txt2img: { prompt: 'x', steps: 0 } }, 'txt2img.steps', 'at least 1'],
    [{ txt2img: { prompt: 'x', width: 513 } }, 'txt2img.width', 'a multiple of 8'],
    [{ txt2img: { prompt: 'x', cfgScale: Number.NaN } }, 'txt2img.cfgScale', 'must be a number'],
    [{ txt2img: { prompt: 'x', cfgScale: Infinity } }, 'txt2img.cfgScale', 'finite'],
    [{ txt2img: { prompt: 'x'.repeat(30_000) } }, 'txt2img.prompt', 'has 30000 characters'],
    [{ txt2img: { prompt: 'x', seed: 1.5 } }, 'txt2img.seed', 'whole number'],
    [{ txt2img: { prompt: 'x', width: 2048, height: 2048, hires: { scale: 2 } } }, 'txt2img.width', 'pixels'],
    [{ txt2img: { prompt: 'x', script_name: 'x' } }, 'txt2img.script_name', 'not a known parameter'],
    [
      { img2img: { prompt: 'x', image: { data: 'http://10.0.0.1/x.png' } } },
      'img2img.image.data',
      'not fetched',
    ],
    [{ img2img: { prompt: 'x', image: { data: 'aGVsbG8=' } } }, 'img2img.image.data', 'PNG, JPEG or WebP'],
    [{ api: '/sdapi/v1/server-kill', payload: {} }, 'api', 'must be one of /sdapi/v1/txt2img'],
    [{ api: 'constructor', payload: {} }, 'api', 'must be one of'],
    [{ api: '/sdapi/v1/txt2img', payload: [] }, 'payload', 'must be a JSON object'],
    [
      { api: '/sdapi/v1/txt2img', payload: { prompt: 'x', script_name: 'y' } },
      'payload.script_name',
      'not supported',
    ],
    [
      { api: '/sdapi/v1/txt2img', payload: { prompt: 'x', cfg_scale: 99 } },
      'payload.cfg_scale',
      'at most 30',
    ],
    [
      { api: '/sdapi/v1/txt2img', payload: { prompt: 'x', override_settings: { outdir_samples: '/etc' } } },
      'payload.override_settings',
      'not supported',
    ],
    [
      { api: '/sdapi/v1/txt2img', payload: { prompt: 'x', enable_hr: true, hr_scale: 9 } },
      'payload.hr_scale',
      'at most 4',
    ],
    [{ api: '/sdapi/v1/img2img', payload: { prompt: 'x' } }, 'payload.image', 'image'],
    [inpaint({ maskBlur: 65 }), 'img2img.inpaint.maskBlur', 'at most 64'],
    [inpaint({ maskBlur: 1.5 }), 'img2img.inpaint.maskBlur', 'whole number'],
    [inpaint({ padding: 257 }), 'img2img.inpaint.padding', 'at most 256'],
    [inpaint({ fill: 'nope' }), 'img2img.inpaint.fill', 'must be FILL'],
    [inpaint({ maskInvert: 1 }), 'img2img.inpaint.maskInvert', 'true or false'],
    [inpaint({ fullRes: true }), 'img2img.inpaint.fullRes', 'not a known parameter'],
    [inpaint({ maskBlur: 8 }, null), 'img2img.inpaint', 'only with a mask'],
    [masked({ mask_blur: 65 }), 'payload.mask_blur', 'at most 64'],
    [masked({ inpaint_full_res_padding: -1 }), 'payload.inpaint_full_res_padding', 'at least 0'],
    [masked({ inpaint_full_res: 'yes' }), 'payload.inpaint_full_res', 'true or false'],
    [masked({ inpainting_fill: 4 }), 'payload.inpainting_fill', 'not with this value'],
    [masked({ inpainting_mask_invert: 2 }), 'payload.inpainting_mask_invert', 'not with this value'],
    [masked({ mask_blur_x: 4 }), 'payload.mask_blur_x', 'not supported'],
    [masked({ mask_blur: 8, mask: null }), 'payload.mask_blur', 'only with a mask'],
    [masked({ inpainting_fill: 0, mask_blur: 8, mask: null }), 'payload.inpainting_fill', 'only with a mask'],
  ])('refuses %j, naming %s', (input, field, message) => {
    const parsed = parse(input);
    expect(parsed).toMatchObject({ ok: false, invalid: { field } });
    expect(!parsed.ok && parsed.invalid.message).toContain(message);
  });

  it('takes the WebUI’s own request shape', () => {
    const payload = {
      prompt: 'a lighthouse',
      negative_prompt: 'people',
      sampler_name: 'DPM++ 2M',
      cfg_scale: 5,
      seed: 7,
      save_images: true,
      enable_hr: true,
      hr_scale: 1.5,
      denoising_strength: 0.5,
      override_settings: { sd_model_checkpoint: 'v1-5', CLIP_stop_at_last_layers: 2 },
    };
    expect(parse({ api: '/sdapi/v1/txt2img', payload })).toMatchObject({
      ok: true,
      request: {
        kind: 'TXT2IMG',
        txt2img: {
          negativePrompt: 'people',
          sampler: 'DPM++ 2M',
          cfgScale: 5,
          seed: 7,
          hires: { scale: 1.5, denoisingStrength: 0.5 },
          model: 'v1-5',
          clipSkip: 2,
        },
      },
    });
  });

  it('takes img2img and extra-single-image with their images', () => {
    const img2img = parse({
      api: '/sdapi/v1/img2img',
      payload: { prompt: 'x', init_images: [`data:image/png;base64,${PNG}`], mask: PNG, resize_mode: 1 },
    });
    expect(img2img).toMatchObject({
      ok: true,
      request: { img2img: { image: { data: PNG }, mask: { data: PNG }, resizeMode: 'CROP_AND_RESIZE' } },
    });
    const upscale = parse({
      api: '/sdapi/v1/extra-single-image',
      payload: { image: PNG, upscaling_resize: 3 },
    });
    expect(upscale).toMatchObject({ ok: true, request: { kind: 'UPSCALE', upscale: { scale: 3 } } });
  });

  it('takes how a mask is used, in its own words and in the WebUI’s', () => {
    const settings = { maskBlur: 0, maskInvert: true, fill: 'LATENT_NOISE', onlyMasked: true, padding: 64 };
    const payload = {
      ...{ mask_blur: 0, inpainting_mask_invert: 1, inpainting_fill: 2 },
      ...{ inpaint_full_res: true, inpaint_full_res_padding: 64 },
    };
    for (const input of [inpaint(settings), masked(payload)])
      expect(parse(input)).toMatchObject({ ok: true, request: { img2img: { inpaint: settings } } });
    const usual = { maskBlur: 4, maskInvert: false, fill: 'ORIGINAL', onlyMasked: false, padding: 32 };
    for (const input of [inpaint({}), inpaint({ fill: null }), masked({ mask_blur: 4 })])
      expect(parse(input)).toMatchObject({ ok: true, request: { img2img: { inpaint: usual } } });
  });

  it('asks nothing of those who say nothing of a mask', () => {
    for (const input of [masked({}), masked({ mask: null, mask_blur: null })]) {
      const parsed = parse(input);
      expect(parsed.ok && parsed.request).toMatchObject({ kind: 'IMG2IMG' });
      expect(parsed.ok && parsed.request).not.toHaveProperty('img2img.inpaint');
    }
  });
});
