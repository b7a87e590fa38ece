import { describe, expect, it } from 'vitest';
import { parseRequest, type StoredRequest } from '../../contract/request.ts';
import type { Names } from './catalogue.ts';
import { checkNames } from './check-names.ts';

const NAMES: Names = {
  checkpoints: new Set(['v1-5', 'sdxl']),
  vaes: new Set(['soft']),
  loras: new Set(['ink']),
  upscalers: new Set(['Lanczos', 'Latent']),
  samplers: new Set(['Euler a']),
  schedulers: new Set(['Automatic']),
};

const requestOf = (input: object): StoredRequest => {
  const parsed = parseRequest(input);
  if (!parsed.ok) throw new Error(parsed.invalid.field);
  return parsed.request;
};

const txt2img = (parameters: object): StoredRequest =>
  requestOf({ kind: 'TXT2IMG', txt2img: { prompt: 'x', seed: 1, ...parameters } });
const image = { data: 'iVBORw0KGgo=' };

describe('names that some worker has', () => {
  it.each([
    ['the defaults', txt2img({})],
    ['every kind', txt2img({ prompt: 'x <lora:ink:0.8>', model: 'sdxl', vae: 'soft', hires: {} })],
    ['the defaults of an upscale', requestOf({ kind: 'UPSCALE', upscale: { image } })],
    [
      'what a negative prompt calls for, which the WebUI does not',
      txt2img({ negativePrompt: '<lora:no:1>' }),
    ],
  ])('pass: %s', (_name, request) => {
    expect(checkNames(request, NAMES)).toBeUndefined();
  });
});

it('refuses no name that is missing from a list which was cut off', () => {
  const names = { ...NAMES, checkpoints: undefined };
  expect(checkNames(txt2img({ model: 'nope' }), names)).toBeUndefined();
  expect(checkNames(txt2img({ model: 'nope', vae: 'nope' }), names)?.field).toBe('txt2img.vae');
});

describe('a name that none has', () => {
  it.each([
    ['txt2img.model', txt2img({ model: 'nope' })],
    ['txt2img.vae', txt2img({ vae: 'nope' })],
    ['txt2img.sampler', txt2img({ sampler: 'nope' })],
    ['txt2img.scheduler', txt2img({ scheduler: 'nope' })],
    ['txt2img.prompt', txt2img({ prompt: 'x <lora:ink:1> <lora:nope:0.5>' })],
    ['txt2img.hires.upscaler', txt2img({ hires: { upscaler: 'nope' } })],
    [
      'img2img.model',
      requestOf({ kind: 'IMG2IMG', img2img: { prompt: 'x', seed: 1, image, model: 'nope' } }),
    ],
    ['upscale.upscaler', requestOf({ kind: 'UPSCALE', upscale: { image, upscaler: 'nope' } })],
  ])('is refused where it stands: %s', (field, request) => {
    const invalid = checkNames(request, NAMES);
    expect(invalid?.field).toBe(field);
    expect(invalid?.message).toContain('no worker has "nope"');
  });

  it('is answered with the names that there are, twenty of them at most', () => {
    expect(checkNames(txt2img({ model: 'nope' }), NAMES)?.message).toMatch(/Known are: sdxl, v1-5$/);
    const many = { ...NAMES, checkpoints: new Set(Array.from({ length: 25 }, (_, n) => `m${n + 10}`)) };
    expect(checkNames(txt2img({ model: 'nope' }), many)?.message).toMatch(/m10, .*, m29 and 5 more$/);
    const none = { ...NAMES, vaes: new Set<string>() };
    expect(checkNames(txt2img({ vae: 'nope' }), none)?.message).toMatch(/Known are: none$/);
  });
});
