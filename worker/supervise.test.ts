import { describe, expect, it } from 'vitest';
import { TaskError } from '../contract/errors.ts';
import { BackendStuckError, type Backend, type BackendMemory } from './backends/backend.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { WorkerNews } from './observe.ts';
import { createSupervisor } from './supervise.ts';

const quiet: Logger = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => quiet,
};
const GIB = 1024 ** 3;

/** A WebUI that gets ready `afterRestarts`, or never. */
const start = (options: { readonly afterRestarts?: number } = {}) => {
  const world = {
    restarts: 0,
    proofs: 0,
    needed: options.afterRestarts ?? 0,
    memory: { gpuFree: 20 * GIB, ramUsed: 4 * GIB } as BackendMemory,
    isIdle: true,
  };
  const news: WorkerNews[] = [];
  const stopping = new AbortController();
  const clock: Clock = {
    now: () => 0,
    // The patience of a proof never ends here; a pause between rounds is over at once, and the tenth is the last.
    delay: (ms, signal) => {
      if (ms !== 60_000) return new Promise(() => undefined);
      if (news.filter(({ kind }) => kind === 'worker:unhealthy').length >= 10)
        stopping.abort(new Error('enough'));
      signal?.throwIfAborted();
      return Promise.resolve();
    },
  };
  const backend = {
    waitUntilReady: async () => {
      world.proofs += 1;
      if (world.restarts < world.needed) throw new BackendStuckError('stuck');
    },
    memory: () => Promise.resolve(world.memory),
    isIdle: () => world.isIdle,
  } as unknown as Backend;
  const supervisor = createSupervisor({
    backend,
    restartWebui: async () => {
      world.restarts += 1;
    },
    clock,
    observe: (one) => news.push(one),
    logger: quiet,
  });
  const makeReady = (): Promise<void> => supervisor.makeReady(stopping.signal);
  return { supervisor, world, news, makeReady, kinds: () => news.map(({ kind }) => kind) };
};

const failed = (code: 'GPU_LOST' | 'WEBUI_ERROR' | 'EXECUTION_TIMEOUT') =>
  ({ kind: 'failed', error: new TaskError(code, 'x') }) as const;

describe('createSupervisor', () => {
  it('proves the WebUI once, and asks no more while nothing speaks against it', async () => {
    const { supervisor, world, makeReady, kinds } = start();
    await makeReady();
    supervisor.learn(failed('WEBUI_ERROR'));
    await makeReady();
    expect([world.proofs, world.restarts, kinds()]).toEqual([1, 0, ['worker:ready']]);
  });

  it('proves it again after a timeout, and restarts it where only that can help', async () => {
    const { supervisor, world, makeReady } = start();
    await makeReady();
    supervisor.learn(failed('EXECUTION_TIMEOUT'));
    expect(supervisor.isReady()).toBe(false);
    await makeReady();
    expect([world.proofs, world.restarts]).toEqual([2, 0]);
    supervisor.learn(failed('GPU_LOST'));
    await makeReady();
    expect([world.proofs, world.restarts]).toEqual([3, 1]);
  });

  it('doubts a WebUI that goes on with a job that was canceled', async () => {
    const { supervisor, world, makeReady } = start();
    await makeReady();
    world.isIdle = false;
    supervisor.learn({ kind: 'canceled' });
    expect(supervisor.isReady()).toBe(false);
  });

  it('restarts a stuck one, says that it is unhealthy when that does not help, and goes on trying', async () => {
    const { world, makeReady, kinds } = start({ afterRestarts: 4 });
    await makeReady();
    expect(world.restarts).toBe(4);
    expect(kinds()).toEqual([
      ...['webui:restarted', 'webui:restarted', 'worker:unhealthy'],
      ...['webui:restarted', 'worker:unhealthy', 'webui:restarted', 'worker:ready'],
    ]);
  });

  it('ends its trying when the worker must go', async () => {
    const { makeReady } = start({ afterRestarts: Infinity });
    await expect(makeReady()).rejects.toThrow('enough');
  });

  it('restarts it after an out-of-memory error only if the memory did not come back', async () => {
    const { supervisor, world, makeReady } = start();
    await makeReady();
    const { signal } = new AbortController();
    await supervisor.freeMemory(signal);
    expect(world.restarts).toBe(0);
    world.memory = { gpuFree: 10 * GIB, ramUsed: 4 * GIB };
    await supervisor.freeMemory(signal);
    expect(world.restarts).toBe(1);
  });

  it('restarts it between two tasks once it has grown by 8 GiB', async () => {
    const { supervisor, world, makeReady } = start();
    await makeReady();
    world.memory = { gpuFree: 20 * GIB, ramUsed: 13 * GIB };
    for (let job = 0; job < 10; job += 1) supervisor.learn({ kind: 'canceled' });
    await Promise.resolve();
    await makeReady();
    expect(world.restarts).toBe(1);
  });
});
