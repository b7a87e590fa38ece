import { describe, expect, it } from 'vitest';
import { UsageError } from './exit-codes.ts';
import { parseInput, toInput } from './fields.ts';

describe('the options of a task', () => {
  it('become fields of the same name, numbers where they are numbers', () => {
    const values = { 'negative-prompt': 'blurry', steps: '30', seed: '0', 'embed-metadata': true };
    expect(toInput('txt2img', ['a', 'lighthouse'], values)).toEqual({
      embedMetadata: true,
      txt2img: { prompt: 'a lighthouse', negativePrompt: 'blurry', steps: 30, seed: 0 },
    });
  });

  it('ask for a second pass by any of its own', () => {
    const values = { 'hires-scale': '1.5', 'hires-denoising-strength': '0.4' };
    expect(toInput('txt2img', ['a'], values)).toEqual({
      txt2img: { prompt: 'a', hires: { scale: 1.5, denoisingStrength: 0.4 } },
    });
  });

  it('say how a mask is used by any of its own', () => {
    const values = { mask: 'mask.png', 'inpaint-only-masked': true, 'inpaint-mask-blur': '0', steps: '5' };
    expect(toInput('img2img', ['photo.png', 'a'], values)).toEqual({
      img2img: {
        ...{ image: 'photo.png', prompt: 'a', mask: 'mask.png', steps: 5 },
        inpaint: { onlyMasked: true, maskBlur: 0 },
      },
    });
  });

  it('take the image first, then the prompt', () => {
    expect(toInput('img2img', ['photo.png', 'in', 'winter'], { mask: 'mask.png' })).toEqual({
      img2img: { image: 'photo.png', prompt: 'in winter', mask: 'mask.png' },
    });
    expect(toInput('upscale', ['photo.png'], { scale: '4' })).toEqual({
      upscale: { image: 'photo.png', scale: 4 },
    });
  });

  it.each([
    ['a prompt', () => toInput('txt2img', [' '], {}), /The prompt is missing/],
    ['a prompt beside the image', () => toInput('img2img', ['photo.png'], {}), /The prompt is missing/],
    ['an image', () => toInput('upscale', [], {}), /The image is missing/],
    ['one image alone', () => toInput('upscale', ['a.png', 'b.png'], {}), /not "b.png" as well/],
    [
      'a number',
      () => toInput('txt2img', ['a'], { steps: 'many' }),
      /^--steps: must be a number, not "many"$/,
    ],
    ['more than nothing', () => toInput('txt2img', ['a'], { seed: '' }), /^--seed: must be a number/],
  ])('need %s', (_what, read, message) => {
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});

describe('a raw input', () => {
  it('is passed on as it is, but for a payload, which the API takes as text', () => {
    expect(parseInput('{"txt2img": {"prompt": "a"}}')).toEqual({ txt2img: { prompt: 'a' } });
    expect(parseInput('{"api": "/sdapi/v1/txt2img", "payload": {"prompt": "a"}}')).toEqual({
      api: '/sdapi/v1/txt2img',
      payload: '{"prompt":"a"}',
    });
  });

  it.each([
    ['{', /^The input is no JSON/],
    ['[]', /must be a JSON object/],
    ['{"img2img": {"prompt": "a"}}', /^img2img\.image: must be/],
    ['{"upscale": 5}', /^upscale\.image: must be/],
  ])('%s is refused', (json, message) => {
    expect(() => parseInput(json)).toThrow(message);
  });
});
