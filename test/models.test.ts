import { describe, expect, it } from 'vitest';
import type { CatalogueInput, ReportWorkerInput } from '../contract/schema.generated.ts';
import { createGraphqlPost } from '../ledger/graphql-post.ts';
import { createWorkerReporter } from '../ledger/report-worker.ts';
import { countEverything, post, SUBMIT, useStack } from './helpers/stack.ts';

/* What workers say they have, and what becomes of a request for something else. */

const stackOf = useStack({ instances: 0 });

const optionsOf = () => ({
  graphqlUrl: stackOf().urls.graphql,
  region: stackOf().region,
  credentials: stackOf().accessKey('worker'),
});

const report = (input: ReportWorkerInput): Promise<void> => createWorkerReporter(optionsOf())(input);

const CATALOGUE: CatalogueInput = {
  checkpoints: ['v1-5', 'constructor'],
  vaes: [],
  loras: ['ink'],
  upscalers: ['Latent', 'Lanczos'],
  samplers: ['Euler a'],
  schedulers: ['Automatic'],
};

const models = async () => {
  const { data, errors } = await post(stackOf(), { query: '{ models { kind name workers } }' });
  expect(errors).toEqual([]);
  return (data as { models: { kind: string; name: string; workers: number }[] }).models;
};

describe('models', () => {
  it('are none while no worker has said what it has', async () => {
    expect(await models()).toEqual([]);
    await report({ id: 'i-1', state: 'STARTING', reason: 'waits for its WebUI' });
    expect(await models()).toEqual([]);
  });

  it('are what the workers have, by kind and name, each with how many have it', async () => {
    await report({ id: 'i-1', state: 'READY', catalogue: CATALOGUE, megapixelStepsPerSecond: 4.5 });
    const other = { ...CATALOGUE, checkpoints: ['sdxl', 'v1-5', 'v1-5'], loras: [] };
    await report({ id: 'i-2', state: 'BUSY', catalogue: other });
    expect(await models()).toEqual([
      { kind: 'CHECKPOINT', name: 'constructor', workers: 1 },
      { kind: 'CHECKPOINT', name: 'sdxl', workers: 1 },
      { kind: 'CHECKPOINT', name: 'v1-5', workers: 2 },
      { kind: 'LORA', name: 'ink', workers: 1 },
      { kind: 'UPSCALER', name: 'Lanczos', workers: 2 },
      { kind: 'UPSCALER', name: 'Latent', workers: 2 },
      { kind: 'SAMPLER', name: 'Euler a', workers: 2 },
      { kind: 'SCHEDULER', name: 'Automatic', workers: 2 },
    ]);
  });

  it('stay what they were when a worker only says what it is doing', async () => {
    const before = await models();
    await report({ id: 'i-1', state: 'DRAINING', reason: 'spot interruption' });
    expect(await models()).toEqual(before);
  });
});

describe('a request', () => {
  it('for what no worker has is refused by name, with what there is, and leaves nothing behind', async () => {
    const txt2img = { prompt: 'x', model: 'nope' };
    const { errors } = await post(stackOf(), { query: SUBMIT, variables: { input: { txt2img } } });
    expect(errors).toEqual([
      expect.objectContaining({
        errorType: 'VALIDATION',
        errorInfo: { field: 'txt2img.model' },
        message: 'txt2img.model: no worker has "nope". Known are: constructor, sdxl, v1-5',
      }),
    ]);
    expect(await countEverything(stackOf())).toEqual({ messages: 0, objects: 0 });
  });

  it('for what one of them has is accepted', async () => {
    const txt2img = { prompt: 'a harbour <lora:ink:0.7>', model: 'sdxl' };
    const { errors } = await post(stackOf(), { query: SUBMIT, variables: { input: { txt2img } } });
    expect(errors).toEqual([]);
  });
});

describe('a report', () => {
  it.each([
    ['more names than a list holds', { checkpoints: Array.from({ length: 501 }, (_, n) => `m${n}`) }],
    ['a name too long', { loras: ['x'.repeat(201)] }],
    ['an empty name', { vaes: [''] }],
    ['more than an item holds', { loras: Array.from({ length: 500 }, () => 'x'.repeat(190)) }],
  ])('is refused where it has %s', async (_name, lists) => {
    const input: ReportWorkerInput = { id: 'i-3', state: 'READY', catalogue: { ...CATALOGUE, ...lists } };
    const query = 'mutation R($input: ReportWorkerInput!) { reportWorker(input: $input) { id } }';
    // Our own client would cut it to what fits.
    const { answer } = await createGraphqlPost(optionsOf())(query, { input });
    expect(answer.errors?.[0]).toMatchObject({
      errorType: 'VALIDATION',
      errorInfo: { field: expect.stringMatching(/^catalogue/) as string },
    });
  });

  it('is nothing that a user can make', async () => {
    const query = 'mutation { reportWorker(input: {id: "i-9", state: READY}) { id } }';
    const { data, errors } = await post(stackOf(), { query });
    expect(data).toEqual({ reportWorker: null });
    expect(errors[0]?.errorType).toBe('Unauthorized');
  });
});
