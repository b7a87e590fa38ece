import { describe, expect, it } from 'vitest';
import { createCatalogueReader, findCheckpoint, toCatalogue } from './catalogue.ts';
import type { Model } from './queue.ts';

const models = (kind: Model['kind'], ...names: string[]): Model[] => names.map((name) => ({ kind, name }));

describe('the catalogue', () => {
  it('is what every v1.10.1 has while no worker has told anything', () => {
    const { checkpoints, samplers, schedulers, upscalers, latentModes } = toCatalogue([]);
    expect(checkpoints).toEqual([]);
    expect(samplers).toContain('Euler a');
    expect(schedulers).toContainEqual({ name: 'karras', label: 'Karras' });
    expect(upscalers).toEqual(['None', 'Lanczos', 'Nearest']);
    expect(latentModes).toContain('Latent');
  });

  it('makes one checkpoint of its name and its title', () => {
    const catalogue = toCatalogue(
      models('CHECKPOINT', 'xl_a', 'xl/a.safetensors [0123456789]', 'b', 'b.ckpt', 'bare'),
    );
    expect(catalogue.checkpoints).toEqual([
      { title: 'xl/a.safetensors [0123456789]', name: 'xl_a', file: 'xl/a.safetensors', hash: '0123456789' },
      { title: 'b.ckpt', name: 'b', file: 'b.ckpt', hash: null },
      { title: 'bare', name: 'bare', file: 'bare', hash: null },
    ]);
    for (const alias of [
      'xl_a',
      'xl/a.safetensors',
      '0123456789',
      'xl_a [0123456789]',
      'xl/a.safetensors [0123456789]',
    ]) {
      expect(findCheckpoint(catalogue, alias)?.name).toBe('xl_a');
    }
    expect(findCheckpoint(catalogue, 'xl')).toBeUndefined();
  });

  it('keeps the usual order, and what is unusual behind it', () => {
    const { samplers, schedulers, upscalers, latentModes } = toCatalogue([
      ...models('SAMPLER', 'DDIM', 'Euler', 'Euler a', 'New one'),
      ...models('SCHEDULER', 'Karras', 'karras', 'automatic', 'turbo'),
      ...models('UPSCALER', 'ESRGAN_4x', 'Latent', 'Latent (nearest)', 'None'),
    ]);
    expect(samplers).toEqual(['Euler a', 'Euler', 'DDIM', 'New one']);
    expect(schedulers).toEqual([
      { name: 'automatic', label: 'Automatic' },
      { name: 'karras', label: 'Karras' },
      { name: 'turbo', label: 'turbo' },
    ]);
    expect(upscalers).toEqual(['None', 'ESRGAN_4x']);
    expect(latentModes).toEqual(['Latent', 'Latent (nearest)']);
  });
});

describe('a reader of it', () => {
  it('asks once in a while, or when told to, and again after an error', async () => {
    let now = 0;
    let asked = 0;
    let fails = false;
    const reader = createCatalogueReader(
      {
        models: () => {
          asked += 1;
          return fails ? Promise.reject(new Error('away')) : Promise.resolve(models('VAE', `v${asked}`));
        },
      },
      () => now,
    );
    await reader.read();
    now = 9_000;
    expect((await reader.read()).vaes).toEqual(['v1']);
    now = 10_000;
    expect((await reader.read()).vaes).toEqual(['v2']);
    fails = true;
    reader.refresh();
    await expect(reader.read()).rejects.toThrow('away');
    fails = false;
    expect((await reader.read()).vaes).toEqual(['v4']);
  });
});
