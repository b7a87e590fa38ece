import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeApi, createFakeClock, settled, toSucceeded, toTask } from '../test/fakes.ts';
import { createRun } from './run.ts';
import { createTaskHandle, type TaskHandle } from './task-handle.ts';
import { createTaskHub, type TaskHub } from './task-hub.ts';

let api: ReturnType<typeof createFakeApi>;
let clock: ReturnType<typeof createFakeClock>;
let hub: TaskHub;

beforeEach(() => {
  api = createFakeApi();
  clock = createFakeClock();
  hub = createTaskHub({ transport: api.transport, timers: clock.timers, random: () => 0 });
});

const handleOf = (known = toTask('a', 1)): TaskHandle =>
  createTaskHandle({ id: 'a', api: api.transport, hub, known });

const failure = { code: 'OUT_OF_MEMORY', message: 'too large', retryable: true };

describe('a handle', () => {
  it('asks for nothing and watches nothing until it is used', () => {
    expect(handleOf().latest()?.version).toBe(1);
    expect(api.calls).toEqual([]);
  });

  it('gives every reader whole snapshots, the newest first, up to the last, and stops watching', async () => {
    const handle = handleOf();
    const [quick, slow] = [handle.updates(), handle.updates()];
    const seen = [(await quick.next()).value?.version, (await slow.next()).value?.version];
    for (const version of [2, 3]) {
      const next = quick.next();
      await settled();
      api.push(toTask('a', version));
      seen.push((await next).value?.version);
    }
    api.push(toSucceeded('a', 4));
    expect(seen).toEqual([1, 1, 2, 3]);
    expect((await slow.next()).value?.status).toBe('SUCCEEDED');
    expect(await slow.next()).toEqual({ done: true, value: undefined });
    expect((await quick.next()).value?.version).toBe(4);
    expect(api.listeners.size).toBe(0);
  });

  it('stops watching when a reader turns away, also one that waits', async () => {
    const handle = handleOf();
    for await (const { version } of handle.updates()) if (version === 1) break;
    expect(api.listeners.size).toBe(0);
    const waiting = handle.updates();
    await waiting.next();
    const next = waiting.next();
    await settled();
    await waiting.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(api.listeners.size).toBe(0);
  });

  it('stops waiting when the signal says so, and can be asked again', async () => {
    const handle = handleOf();
    const aborting = new AbortController();
    const waiting = handle.result({ signal: aborting.signal });
    await settled();
    aborting.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const again = handle.result();
    await settled();
    api.push(toSucceeded('a', 2));
    expect((await again).images[0].url).toBe('https://cdn.example/1.png');
  });

  it.each([
    ['FAILED', { error: failure }, { name: 'TaskFailedError', code: 'OUT_OF_MEMORY', retryable: true }],
    ['CANCELED', {}, { name: 'TaskCanceledError', code: 'CANCELED', retryable: false }],
    ['EXPIRED', {}, { name: 'TaskExpiredError', code: 'EXPIRED' }],
    ['PARTLY_DONE', {}, { name: 'TaskFailedError', code: 'PARTLY_DONE' }],
  ])('throws the error of a task that ended as %s', async (status, rest, error) => {
    const ended = toTask('a', 2, { ...rest, status: status as 'FAILED', isTerminal: true });
    const result = handleOf(ended).result();
    await expect(result).rejects.toMatchObject({ ...error, taskId: 'a', task: ended });
    expect(api.calls).toEqual([]);
  });

  it('has the addresses of its images made anew when it asks how the task is', async () => {
    const handle = handleOf(toSucceeded('a', 2));
    const { images } = await handle.result();
    const fresh = images.map((image) => ({ ...image, url: 'https://cdn.example/1.png?signed=anew' }));
    api.tasks.set('a', { ...toSucceeded('a', 2), images: fresh });
    expect((await handle.status()).images).toEqual(fresh);
    expect((await handle.result()).images).toEqual(fresh);
  });

  it('tells a fresh estimate to whoever asks, and to no reader: nothing has happened', async () => {
    const queued = (version: number, queuePosition: number) =>
      toTask('a', version, { status: 'QUEUED', estimate: { queuePosition, startsAt: null, eta: null } });
    const handle = handleOf(queued(1, 12));
    const updates = handle.updates();
    await updates.next();
    const next = updates.next();
    await settled();
    api.tasks.set('a', queued(1, 8));
    expect((await handle.status()).estimate?.queuePosition).toBe(8);
    expect(handle.latest()?.estimate?.queuePosition).toBe(8);
    // Another reader begins with what the watch knows, and changes nothing.
    const other = handle.result();
    await settled();
    expect(handle.latest()?.estimate?.queuePosition).toBe(8);
    api.put(queued(2, 5));
    expect((await next).value).toMatchObject({ version: 2, estimate: { queuePosition: 5 } });
    expect(handle.latest()?.version).toBe(2);
    api.push(toSucceeded('a', 3));
    await other;
    await updates.return?.();
  });

  it('has seen what others were told, once it watches', async () => {
    const first = handleOf();
    const [reading, joining] = [first.updates(), createTaskHandle({ id: 'a', api: api.transport, hub })];
    await reading.next();
    api.push(toTask('a', 2));
    const updates = joining.updates();
    expect((await updates.next()).value?.version).toBe(2);
    expect(joining.latest()?.version).toBe(2);
    await Promise.all([reading.return?.(), updates.return?.()]);
  });

  it('asks once more where a finished task came without URLs', async () => {
    const { images } = toSucceeded('a', 2);
    const withoutUrl = toTask('a', 2, {
      ...toSucceeded('a', 2),
      images: (images ?? []).map((image) => ({ ...image, url: null })),
    });
    await expect(handleOf(withoutUrl).status()).rejects.toMatchObject({ code: 'NOT_FOUND', taskId: 'a' });
    api.tasks.set('a', withoutUrl);
    await expect(handleOf(withoutUrl).result()).rejects.toThrow('no URLs');
    api.tasks.set('a', toSucceeded('a', 2));
    expect((await handleOf(withoutUrl).result()).images[0].url).toBe('https://cdn.example/1.png');
  });

  it('ends its readers when it or the client is closed', async () => {
    for (const close of [(handle: TaskHandle) => handle.close(), () => hub.close()]) {
      const handle = handleOf();
      const waiting = handle.result();
      await settled();
      close(handle);
      await expect(waiting).rejects.toMatchObject({ name: 'ClosedError' });
    }
    expect(api.listeners.size).toBe(0);
  });

  it('tells those who wait what a cancel answered', async () => {
    const handle = handleOf();
    api.tasks.set('a', toTask('a', 5, { status: 'CANCELED', isTerminal: true }));
    const waiting = handle.result();
    await settled();
    await handle.cancel();
    await expect(waiting).rejects.toMatchObject({ name: 'TaskCanceledError' });
  });
});

describe('a run', () => {
  const run = (options: Parameters<ReturnType<typeof createRun>>[2]) =>
    createRun({ api: api.transport, hub, timers: clock.timers })(
      'a',
      () => api.transport.submit({ id: 'a' }),
      options,
    );

  it('watches before it submits, tells every update, and leaves nothing open', async () => {
    const seen: string[] = [];
    const running = run({ onUpdate: ({ status }) => seen.push(status), timeoutMs: 1000 });
    await settled();
    expect(api.calls).toEqual(['subscribe', 'submit']);
    api.put(toTask('a', 2));
    await settled();
    api.put(toSucceeded('a', 3));
    expect((await running).status).toBe('SUCCEEDED');
    expect(seen).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect([api.listeners.size, clock.pending()]).toEqual([0, 0]);
  });

  it('is canceled on the server when its signal is aborted, and when its time is over', async () => {
    const aborting = new AbortController();
    const aborted = run({ signal: aborting.signal });
    await settled();
    aborting.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const late = run({ timeoutMs: 1000 });
    const told = expect(late).rejects.toMatchObject({ name: 'RunTimeoutError', taskId: 'a' });
    await settled();
    await clock.advance(1000);
    await told;
    expect(api.calls.filter((call) => call === 'cancel a')).toHaveLength(2);
    expect([api.listeners.size, clock.pending()]).toEqual([0, 0]);
  });

  it('is canceled even if it was aborted while its submit was under way', async () => {
    const aborting = new AbortController();
    const running = run({ signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await settled();
    expect(api.calls).toEqual(['subscribe', 'submit', 'unsubscribe', 'cancel a']);
  });

  it('submits nothing where the signal was aborted before', async () => {
    await expect(run({ signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never');
    expect(api.calls).toEqual([]);
  });
});
