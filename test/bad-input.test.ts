import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { countEverything, post, SUBMIT, useStack } from './helpers/stack.ts';

/* What can't be carried out is refused where it is asked, by name, and leaves nothing behind. */

const stackOf = useStack({ instances: 0 });

const submit = (input: object, headers?: Record<string, string>) =>
  post(stackOf(), { query: SUBMIT, variables: { input } }, headers);

const txt2img = (parameters: object): object => ({ txt2img: { prompt: 'a lighthouse', ...parameters } });

describe('an input that is refused', () => {
  afterEach(async () => {
    expect(await countEverything(stackOf())).toEqual({ messages: 0, objects: 0 });
    const { data } = await post(stackOf(), { query: '{ tasks { items { id } } }' });
    expect(data).toEqual({ tasks: { items: [] } });
  });

  it.each([
    ['no input of any kind', {}, 'input'],
    ['two kinds at once', { ...txt2img({}), upscale: { image: { data: 'iVBORw0KGgo=' } } }, 'input'],
    ['steps 0', txt2img({ steps: 0 }), 'txt2img.steps'],
    ['too many steps', txt2img({ steps: 151 }), 'txt2img.steps'],
    ['width 513', txt2img({ width: 513 }), 'txt2img.width'],
    ['more pixels than fit', txt2img({ width: 2048, height: 2048, hires: { scale: 2 } }), 'txt2img.width'],
    ['a seed beyond 32 bits', txt2img({ seed: 4_294_967_296 }), 'txt2img.seed'],
    ['half a seed', txt2img({ seed: 0.5 }), 'txt2img.seed'],
    ['a prompt of 30 KB', txt2img({ prompt: 'x'.repeat(30_000) }), 'txt2img.prompt'],
    ['no time to start', { ...txt2img({}), startWithinSeconds: 0 }, 'startWithinSeconds'],
    ['more time than a day', { ...txt2img({}), finishWithinSeconds: 86_401 }, 'finishWithinSeconds'],
    [
      'a start after the end',
      { ...txt2img({}), startWithinSeconds: 61, finishWithinSeconds: 60 },
      'startWithinSeconds',
    ],
    ['an id that is no UUID', { id: 'mine', ...txt2img({}) }, 'id'],
    ['an unknown api', { api: '/sdapi/v1/server-kill', payload: '{}' }, 'api'],
    ['an api without its payload', { api: '/sdapi/v1/txt2img' }, 'payload'],
    ['a payload without its api', { payload: '{"prompt": "x"}' }, 'api'],
    [
      'a parameter that no worker may see',
      { api: '/sdapi/v1/txt2img', payload: JSON.stringify({ prompt: 'x', script_name: 'X/Y/Z plot' }) },
      'payload.script_name',
    ],
    [
      'NaN in a payload, as a word',
      { api: '/sdapi/v1/txt2img', payload: JSON.stringify({ prompt: 'x', cfg_scale: 'NaN' }) },
      'payload.cfg_scale',
    ],
    [
      'an address where an image should be',
      { upscale: { image: { data: 'http://169.254.169.254/latest/meta-data' } } },
      'upscale.image.data',
    ],
    ['base64 that is no image', { upscale: { image: { data: 'bm90IGFuIGltYWdl' } } }, 'upscale.image.data'],
    [
      'how a mask is used, and no mask',
      { img2img: { prompt: 'x', image: { data: 'iVBORw0KGgo=' }, inpaint: { maskBlur: 8 } } },
      'img2img.inpaint',
    ],
    ['a model name with control characters', txt2img({ model: 'a\u0000b' }), 'txt2img.model'],
  ])('%s', async (_name, input, field) => {
    const { status, data, errors } = await submit(input);
    expect([status, data]).toEqual([200, null]);
    expect(errors).toEqual([
      expect.objectContaining({
        errorType: 'VALIDATION',
        errorInfo: { field },
        path: ['submitTask'],
        data: null,
      }),
    ]);
    expect(errors[0]?.message).toContain(field.split('.').at(-1));
  });

  it.each([
    [
      'NaN',
      '{"query": "mutation { submitTask(input: {txt2img: {prompt: \\"x\\", cfgScale: NaN}}) { id } }"}',
    ],
    ['an unknown field', JSON.stringify({ query: SUBMIT, variables: { input: txt2img({ widht: 512 }) } })],
    [
      'a word for a number',
      JSON.stringify({ query: SUBMIT, variables: { input: txt2img({ steps: 'many' }) } }),
    ],
    [
      'a payload that is no JSON',
      JSON.stringify({ query: SUBMIT, variables: { input: { api: 'x', payload: '{' } } }),
    ],
  ])("%s, by GraphQL's own rules", async (_name, body) => {
    const { status, data, errors } = await post(stackOf(), body);
    expect([status, data]).toEqual([200, null]);
    expect(errors[0]?.message).toMatch(/\S/);
    expect(errors[0]?.message).not.toMatch(/\bat \S+:\d+/);
  });
});

describe('an id that is taken', () => {
  it('is the same task for the same input, CONFLICT for another, and for another owner', async () => {
    const id = randomUUID();
    const ann = { authorization: await stackOf().token({ sub: 'ann' }) };
    const bob = { authorization: await stackOf().token({ sub: 'bob' }) };
    const first = await submit({ id, ...txt2img({}) }, ann);
    expect(first.errors).toEqual([]);
    const again = await submit({ id, ...txt2img({}) }, ann);
    expect(again.data).toMatchObject({ submitTask: { id } });
    for (const [input, who] of [
      [{ id, ...txt2img({ steps: 21 }) }, ann],
      [{ id, ...txt2img({}) }, bob],
    ] as const) {
      const { data, errors } = await submit(input, who);
      expect(data).toBeNull();
      expect(errors[0]).toMatchObject({ errorType: 'CONFLICT', data: null });
    }
    expect((await stackOf().inspect.queue()).visible).toBe(1);
  });

  it("is nobody else's to read or to cancel", async () => {
    const id = randomUUID();
    const ann = { authorization: await stackOf().token({ sub: 'ann' }) };
    const bob = { authorization: await stackOf().token({ sub: 'bob' }) };
    await submit({ id, ...txt2img({}) }, ann);
    const task = { query: 'query Get($id: ID!) { task(id: $id) { id } }', variables: { id } };
    const cancel = { query: 'mutation Cancel($id: ID!) { cancelTask(id: $id) { id } }', variables: { id } };
    expect((await post(stackOf(), task, bob)).data).toEqual({ task: null });
    const refused = await post(stackOf(), cancel, bob);
    const missing = await post(stackOf(), { ...cancel, variables: { id: randomUUID() } }, bob);
    expect(refused.errors[0]).toMatchObject({ errorType: 'NOT_FOUND' });
    expect(missing.errors[0]?.errorType).toBe(refused.errors[0]?.errorType);
    expect((await stackOf().inspect.task(id))?.status).toBe('QUEUED');
    expect((await post(stackOf(), task, ann)).data).toEqual({ task: { id } });
  });
});
