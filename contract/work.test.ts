import { describe, expect, it } from 'vitest';
import { parseRequest, type StoredRequest } from './request.ts';
import { megapixelStepsOf } from './work.ts';

const IMAGE = { data: 'iVBORw0KGgo=' };

const request = (input: object): StoredRequest => {
  const parsed = parseRequest(input);
  if (!parsed.ok) throw new Error(`${parsed.invalid.field} ${parsed.invalid.message}`);
  return parsed.request;
};

const txt2img = (txt2img: object): number =>
  megapixelStepsOf(request({ kind: 'TXT2IMG', txt2img: { prompt: '', seed: 1, ...txt2img } }));

describe('the work of a request', () => {
  it('is its pixels, times its steps, times its images', () => {
    const one = txt2img({ width: 512, height: 512, steps: 20 });
    expect(one).toBeCloseTo(5.24, 2);
    expect(txt2img({ width: 1024, height: 512, steps: 20 })).toBeCloseTo(2 * one);
    expect(txt2img({ width: 512, height: 512, steps: 40 })).toBeCloseTo(2 * one);
    expect(txt2img({ width: 512, height: 512, steps: 20, batchSize: 4 })).toBeCloseTo(4 * one);
  });

  it('counts a hires pass with the pixels that it paints, and twice what a sampler evaluates twice', () => {
    const one = txt2img({ steps: 20 });
    expect(txt2img({ steps: 20, hires: { scale: 2 } })).toBeCloseTo(5 * one);
    expect(txt2img({ steps: 20, hires: { scale: 2, steps: 10 } })).toBeCloseTo(3 * one);
    expect(txt2img({ steps: 20, sampler: 'Heun' })).toBeCloseTo(2 * one);
  });

  it('is the same whether a picture is the start of it, and grows with an upscale’s factor', () => {
    const img2img = request({ kind: 'IMG2IMG', img2img: { prompt: '', seed: 1, image: IMAGE } });
    expect(megapixelStepsOf(img2img)).toBeCloseTo(txt2img({}));
    const upscale = (scale: number) =>
      megapixelStepsOf(request({ kind: 'UPSCALE', upscale: { image: IMAGE, scale } }));
    expect(upscale(4)).toBeCloseTo(4 * upscale(2));
  });
});
