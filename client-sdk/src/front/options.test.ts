import { describe, expect, it } from 'vitest';
import { toCatalogue } from './catalogue.ts';
import { createOptions, setOptions, withModel } from './options.ts';

const CATALOGUE = toCatalogue([
  { kind: 'CHECKPOINT', name: 'ink' },
  { kind: 'CHECKPOINT', name: 'ink.safetensors [0123456789]' },
]);

describe('options', () => {
  it('keep a checkpoint by its title, whichever of its names was given', () => {
    const options = createOptions();
    setOptions(options, { sd_model_checkpoint: 'ink' }, CATALOGUE);
    expect(options).toMatchObject({
      sd_model_checkpoint: 'ink.safetensors [0123456789]',
      sd_checkpoint_hash: '0123456789',
    });
  });

  it('take any checkpoint while no worker has said what it has', () => {
    const options = createOptions();
    setOptions(options, { sd_model_checkpoint: 'whatever' }, toCatalogue([]));
    expect(options.sd_model_checkpoint).toBe('whatever');
  });

  it('are applied in order until one does not exist', () => {
    const options = createOptions();
    expect(() => setOptions(options, { sd_vae: 'a', nope: 1, sd_checkpoints_limit: 9 }, CATALOGUE)).toThrow(
      /KeyError/,
    );
    expect(options).toMatchObject({ sd_vae: 'a', sd_checkpoints_limit: 1 });
  });

  it('can be sent back as they were read', () => {
    const options = createOptions();
    setOptions(options, withModel(options, 'ink', CATALOGUE), CATALOGUE);
    expect(options.sd_model_checkpoint).toBe('ink.safetensors [0123456789]');
  });

  it('that no task has a place for stay as they are, by name', () => {
    const options = createOptions();
    expect(() => setOptions(options, { samples_format: 'jpg' }, CATALOGUE)).toThrow(
      /"loc":\["body","samples_format"\].*it stays \\"png\\"/,
    );
    setOptions(options, { samples_format: 'png', api_enable_requests: true }, CATALOGUE);
    expect(options.api_enable_requests).toBe(false);
  });

  it('show the checkpoint of the last picture to those who have chosen none', () => {
    expect(withModel(createOptions(), '', CATALOGUE).sd_model_checkpoint).toBe('');
    expect(withModel(createOptions(), 'ink', CATALOGUE)).toMatchObject({
      sd_model_checkpoint: 'ink.safetensors [0123456789]',
    });
    expect(withModel({ sd_model_checkpoint: 'mine' }, 'ink', CATALOGUE).sd_model_checkpoint).toBe('mine');
  });
});
