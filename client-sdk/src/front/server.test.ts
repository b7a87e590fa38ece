import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { a1111At, type A1111 } from '../../../test/helpers/a1111.ts';
import { createFakeTaskQueue, type FakeTaskQueue } from '../../../test/helpers/fake-task-queue.ts';
import { ApiError } from '../index.ts';
import { startFront, type Front, type FrontOptions } from './server.ts';

/* The front over real sockets, with a queue that obeys the test. What a client may rely on stands in the contract suite. */

const fronts: Front[] = [];
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.stop();
});

const setUp = async (options: Partial<FrontOptions> = {}): Promise<{ url: string; queue: FakeTaskQueue }> => {
  const queue = createFakeTaskQueue([
    { kind: 'CHECKPOINT', name: 'ink' },
    { kind: 'CHECKPOINT', name: 'ink.safetensors [0123456789]' },
  ]);
  const front = await startFront({ queue, ...options });
  fronts.push(front);
  return { url: front.url, queue };
};

const userAt = (url: string, user: string): A1111 =>
  a1111At(url, { authorization: `Basic ${Buffer.from(`${user}:x`).toString('base64')}` });

/** With headers that fetch does not let through. */
const ask = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    httpRequest(`${url}/internal/ping`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });

describe('the front', () => {
  it('serves callers at once, each with progress, options and interrupts of their own', async () => {
    const { url, queue } = await setUp();
    const [ann, bob] = [userAt(url, 'ann'), userAt(url, 'bob')];
    await ann.post('options', { CLIP_stop_at_last_layers: 2 });
    const pictures = [ann, bob].map((one) => one.txt2img({ prompt: 'a cat' }));
    const tasks = await queue.submitted(2);
    for (const task of tasks) task.tell({ status: 'RUNNING' });
    const [first, second] =
      tasks[0]?.request.payload.override_settings === undefined ? [...tasks].reverse() : tasks;
    expect(first?.request.payload.override_settings).toEqual({ CLIP_stop_at_last_layers: 2 });
    expect(await bob.get('options')).toMatchObject({ CLIP_stop_at_last_layers: 1 });

    const progress = { fraction: 0.5, step: 10, steps: 20, etaSeconds: 3, previewUrl: 'https://cdn/p.png' };
    first?.tell({ progress });
    await ann.until(({ state }) => state.sampling_step === 10);
    expect(await ann.progress()).toMatchObject({
      progress: 0.51,
      current_image: expect.stringMatching(/^iVBOR/) as string,
    });
    expect((await bob.progress()).state.sampling_step).toBe(0);

    await bob.post('interrupt');
    expect((await pictures[1])?.images).toEqual([]);
    expect(second?.latest().status).toBe('CANCELING');
    expect(first?.latest().status).toBe('RUNNING');
    first?.succeed();
    expect((await pictures[0])?.images).toHaveLength(1);
    expect([(await ann.progress()).state.interrupted, (await bob.progress()).state.interrupted]).toEqual([
      false,
      true,
    ]);
  });

  it('tells callers without a name apart by their program', async () => {
    const { url, queue } = await setUp();
    const [one, other] = ['krita', 'photoshop'].map((name) => a1111At(url, { 'user-agent': name }));
    const picture = one?.txt2img({});
    const [task] = await queue.submitted(1);
    expect((await one?.progress())?.state.job_count).toBe(-1);
    expect((await other?.progress())?.state.job_count).toBe(0);
    task?.succeed();
    await picture;
  });

  it('tells of one task by the id that the client gave it', async () => {
    const { url, queue } = await setUp();
    const webui = a1111At(url);
    const internal = async (body: object): Promise<unknown> =>
      (
        await fetch(`${url}/internal/progress`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': 'another program' },
          body: JSON.stringify(body),
        })
      ).json();
    const picture = webui.txt2img({ force_task_id: 'task(mine)' });
    const [task] = await queue.submitted(1);
    expect(await internal({ id_task: 'task(mine)' })).toMatchObject({ queued: true, textinfo: 'In queue' });
    task?.tell({ estimate: { queuePosition: 4, startsAt: null, eta: null } });
    await expect
      .poll(() => internal({ id_task: 'task(mine)' }))
      .toMatchObject({ queued: true, textinfo: 'In queue, place 4' });
    expect(await webui.progress()).toMatchObject({ eta_relative: 0, textinfo: 'In queue, place 4' });
    expect(await (await fetch(`${url}/internal/pending-tasks`)).json()).toEqual({
      size: 1,
      tasks: ['task(mine)'],
    });
    task?.tell({
      status: 'RUNNING',
      progress: { fraction: 0.5, step: 5, steps: 10, etaSeconds: 1, previewUrl: 'https://cdn/p.png' },
    });
    await webui.until(({ state }) => state.sampling_step === 5);
    const running = { id_task: 'task(mine)', id_live_preview: -1 };
    expect(await internal(running)).toMatchObject({
      ...{ active: true, progress: 0.5, eta: 1, id_live_preview: 1 },
      live_preview: expect.stringMatching(/^data:image\/png;base64,iVBOR/) as string,
    });
    expect(await internal({ ...running, id_live_preview: 1 })).toMatchObject({ live_preview: null });
    task?.succeed();
    await picture;
    expect(await internal(running)).toMatchObject({ completed: true, active: false });
    expect(await internal({ id_task: 'nobody' })).toMatchObject({ textinfo: 'Waiting...' });
  });

  it('shows which checkpoint made the last picture, and names it from then on', async () => {
    const { url, queue } = await setUp();
    const webui = a1111At(url);
    const picture = webui.txt2img({});
    const [task] = await queue.submitted(1);
    expect(task?.request.payload).not.toHaveProperty('override_settings');
    task?.succeed();
    await picture;
    expect(await webui.get('options')).toMatchObject({ sd_model_checkpoint: 'ink.safetensors [0123456789]' });
  });

  it('keeps overrides that are not to be restored', async () => {
    const { url, queue } = await setUp();
    const webui = a1111At(url);
    const picture = webui.txt2img({
      override_settings: { CLIP_stop_at_last_layers: 3 },
      override_settings_restore_afterwards: false,
    });
    const [task] = await queue.submitted(1);
    task?.succeed();
    await picture;
    expect(await webui.get('options')).toMatchObject({ CLIP_stop_at_last_layers: 3 });
  });

  it('cancels the task of a client that has left', async () => {
    const { url, queue } = await setUp({ graceMs: 0 });
    const leaving = new AbortController();
    const left = a1111At(url).post('txt2img', { prompt: 'a cat' }, { signal: leaving.signal });
    const [task] = await queue.submitted(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => task?.latest().status).toBe('CANCELED');
  });

  it('gives the picture to the same client that asks again', async () => {
    const { url, queue } = await setUp();
    const webui = a1111At(url);
    const leaving = new AbortController();
    const left = webui.post('txt2img', { prompt: 'a cat' }, { signal: leaving.signal });
    const [task] = await queue.submitted(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const again = webui.txt2img({ prompt: 'a cat' });
    await webui.until(({ state }) => state.job_count !== 0);
    task?.succeed();
    expect((await again).images).toHaveLength(1);
    expect(await queue.submitted(1)).toHaveLength(1);
  });

  it('tells in the words of a WebUI what the API refused and what became of a task', async () => {
    const { url, queue } = await setUp();
    const webui = a1111At(url);
    queue.refuse(
      new ApiError('VALIDATION', 'payload.steps: must be at most 150', { field: 'payload.steps' }),
    );
    const refused = await webui.post('txt2img', { steps: 500 });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      { detail: [{ loc: ['body', 'steps'], msg: 'must be at most 150', type: 'value_error' }] },
    ]);
    const failing = webui.post('txt2img', {});
    const [task] = await queue.submitted(1);
    task?.fail('OUT_OF_MEMORY', 'The GPU does not hold this size');
    expect([(await failing).status, await (await failing).json()]).toEqual([
      500,
      {
        ...{ error: 'OutOfMemoryError', detail: '', body: '' },
        errors: 'OUT_OF_MEMORY: The GPU does not hold this size',
      },
    ]);
  });

  it('takes no body beyond its limit, and says so', async () => {
    const { url } = await setUp();
    const response = await a1111At(url).post('img2img', { init_images: ['x'.repeat(32_000_001)] });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: 'HTTPException' });
  });

  it('takes no form that any web page can send', async () => {
    const { url } = await setUp();
    const response = await fetch(`${url}/sdapi/v1/txt2img`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"prompt": "a cat"}',
    });
    expect(response.status).toBe(422);
  });

  it('serves this machine by its own names, and pages that were allowed', async () => {
    const { url } = await setUp({ corsOrigins: ['https://studio.example'] });
    const { host } = new URL(url);
    expect(await ask(url, { host: 'rebound.example' })).toBe(403);
    expect(await ask(url, { host: host.replace('127.0.0.1', 'localhost') })).toBe(200);
    expect(await ask(url, { origin: 'https://stranger.example' })).toBe(403);
    expect(await ask(url, { origin: url })).toBe(200);
    const preflight = await fetch(`${url}/sdapi/v1/txt2img`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://studio.example',
        'access-control-request-headers': 'content-type',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://studio.example',
    ]);
  });

  it('describes every route that it has', async () => {
    const { url } = await setUp();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(paths)).toContain('/sdapi/v1/txt2img');
    for (const path of Object.keys(paths)) {
      const page = await (await fetch(`${url}/docs`)).text();
      expect(page).toContain(path);
    }
    expect((await fetch(`${url}/`)).status).toBe(200);
    expect(await (await fetch(`${url}/internal/ping`)).json()).toEqual({});
  });
});
