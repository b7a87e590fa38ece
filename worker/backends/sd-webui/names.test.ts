import { describe, expect, it } from 'vitest';
import type { TaskRequest } from '../../../contract/request.ts';
import type { WebuiClient } from './client.ts';
import { createNames } from './names.ts';

const start = () => {
  let now = 0;
  const checkpoints = ['m'];
  const asked: string[] = [];
  const lists = (): Record<string, object[]> => ({
    '/sdapi/v1/sd-models': checkpoints.map((name) => ({ model_name: name, title: `${name} [1]` })),
    '/sdapi/v1/sd-vae': [{ model_name: 'v' }],
    '/sdapi/v1/samplers': [{ name: 'Euler a' }],
    '/sdapi/v1/schedulers': [{ name: 'automatic', label: 'Automatic' }],
    '/sdapi/v1/upscalers': [{ name: 'Lanczos' }],
    '/sdapi/v1/latent-upscale-modes': [{ name: 'Latent' }],
  });
  const client = {
    get: async (path: string) => {
      asked.push(path);
      const body = lists()[path];
      return body ? { status: 200, body } : { status: 404, body: { detail: 'Not Found' } };
    },
  } as unknown as WebuiClient;
  const names = createNames(client, { now: () => now, delay: () => Promise.resolve() });
  const check = (parameters: object): Promise<void> =>
    names.check({
      kind: 'TXT2IMG',
      txt2img: { prompt: '', sampler: 'Euler a', scheduler: 'Automatic', ...parameters },
    } as unknown as TaskRequest);
  return { names, check, asked, checkpoints, pass: (ms: number) => (now += ms) };
};

describe('createNames', () => {
  it.each([
    [{ model: 'nope' }, 'UNKNOWN_MODEL', /no model "nope". It has: m, m \[1\]/],
    [{ vae: 'nope' }, 'UNKNOWN_MODEL', /no VAE "nope"/],
    [{ sampler: 'nope' }, 'INVALID_REQUEST', /no sampler "nope"/],
    [{ scheduler: 'nope' }, 'INVALID_REQUEST', /no scheduler "nope"/],
    [{ hires: { upscaler: 'nope' } }, 'INVALID_REQUEST', /no upscaler "nope"/],
    [{ prompt: 'a <lora:nope:1>' }, 'UNKNOWN_MODEL', /no LoRA "nope". It has: none/],
  ])('refuses %o by name, and says what there is', async (parameters, code, message) => {
    const refused = expect(start().check(parameters)).rejects;
    await refused.toMatchObject({ code, retryable: false });
    await expect(start().check(parameters)).rejects.toThrow(message);
  });

  it('asks once, not before every picture', async () => {
    const { check, asked } = start();
    await check({ model: 'm', hires: { upscaler: 'Latent' } });
    await check({ model: 'm [1]' });
    expect(asked).toHaveLength(7);
  });

  it('finds what was installed since, but does not look for it all the time', async () => {
    const { check, checkpoints, asked, pass } = start();
    await check({});
    checkpoints.push('new');
    await expect(check({ model: 'new' })).rejects.toThrow('no model');
    pass(10_000);
    await check({ model: 'new' });
    expect(asked).toHaveLength(14);
  });
});
