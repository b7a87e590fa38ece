import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { TaskRequest } from '../../../contract/request.ts';
import { parseResult } from './result.ts';

const png = (value: number, size = 64): string =>
  Buffer.from(
    encode({ width: size, height: size, data: new Uint8Array(size * size * 3).fill(value), channels: 3 }),
  ).toString('base64');

const SAMPLING = {
  ...{ prompt: 'a cat', negativePrompt: '', steps: 1, cfgScale: 7, width: 64, height: 64, seed: 5 },
  ...{ batchSize: 1, sampler: 'Euler a', scheduler: 'Automatic' },
};

const request = (parameters: object = {}): TaskRequest =>
  ({ kind: 'TXT2IMG', embedMetadata: false, txt2img: { ...SAMPLING, ...parameters } }) as TaskRequest;

const answer = (images: readonly string[], info: object = {}): object => ({
  images,
  info: JSON.stringify({
    ...{
      index_of_first_image: 0,
      all_seeds: [5, 6],
      infotexts: ['first', 'second'],
      sampler_name: 'Euler a',
    },
    ...info,
  }),
});

describe('parseResult', () => {
  it('takes images with the seeds and texts that belong to them, a grid left out', () => {
    const body = answer([png(1), png(2), png(3)], { index_of_first_image: 1, infotexts: ['grid', 'a', 'b'] });
    expect(parseResult(request({ batchSize: 2 }), body)).toMatchObject([
      { seed: 5, infotext: 'a', width: 64, height: 64 },
      { seed: 6, infotext: 'b' },
    ]);
  });

  it.each([
    ['nothing', null, /no images/],
    ['no image at all, as SD.Next does after an error', { images: [], info: '' }, /without the information/],
    ['fewer images than asked for', answer([]), /0 of 1 images/],
    ['an image that is no PNG', answer(['AAAA']), /no whole PNG/],
    ['half an image', answer([png(1).slice(0, 60)]), /no whole PNG/],
    ['an image of another size', answer([png(1, 32)]), /32×32 pixels instead of 64×64/],
    [
      'another sampler, silently',
      answer([png(1)], { sampler_name: 'DPM++ 2M' }),
      /DPM\+\+ 2M instead of Euler a/,
    ],
  ])('refuses %s', (_name, body, message) => {
    expect(() => parseResult(request(), body)).toThrow(message);
  });

  it('takes an image as large as the initial one where only the masked part was sampled', () => {
    const image = { data: png(1, 32) };
    const img2img = (inpaint: object): TaskRequest =>
      ({ kind: 'IMG2IMG', img2img: { ...SAMPLING, image, mask: image, inpaint } }) as unknown as TaskRequest;
    const body = answer([png(1, 32)]);
    expect(parseResult(img2img({ onlyMasked: true }), body)).toMatchObject([{ width: 32, height: 32 }]);
    // The mask was blank.
    expect(parseResult(img2img({ onlyMasked: true }), answer([png(1)]))).toHaveLength(1);
    expect(() => parseResult(img2img({ onlyMasked: true }), answer([png(1, 48)]))).toThrow(
      /48×48 pixels instead of 32×32 or 64×64/,
    );
    expect(() => parseResult(img2img({ onlyMasked: false }), body)).toThrow(/32×32 pixels instead of 64×64/);
  });

  it('refuses a picture of another model, and knows its own by name or title', () => {
    const info = { sd_model_name: 'm', sd_model_hash: '6ce0161689' };
    for (const model of ['m', 'm.safetensors [6ce0161689]'])
      expect(parseResult(request({ model }), answer([png(1)], info))).toHaveLength(1);
    expect(() => parseResult(request({ model: 'other' }), answer([png(1)], info))).toThrow(
      /m instead of other/,
    );
  });

  it('refuses a picture that was made without a LoRA that the prompt calls for', () => {
    const asked = request({ prompt: 'a cat <lora:ink:0.8>' });
    const used = { extra_generation_params: { 'Lora hashes': 'ink: abc' } };
    expect(parseResult(asked, answer([png(1)], used))).toHaveLength(1);
    expect(() => parseResult(asked, answer([png(1)]))).toThrow(/without the LoRA ink/);
  });

  it('takes a black picture for what NaNs leave behind', () => {
    expect(() => parseResult(request(), answer([png(0)]))).toThrow(
      expect.objectContaining({ code: 'NAN_PRODUCED' }) as Error,
    );
  });
});
