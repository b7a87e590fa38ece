import { randomUUID } from 'node:crypto';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { Task, UpdateTaskInput } from '../contract/schema.generated.ts';
import type { Backend } from './backends/backend.ts';
import { createSystemClock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { WorkerNews } from './observe.ts';
import { startWorker, type Worker } from './worker.ts';

const quiet: Logger = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => quiet,
};
const ID = randomUUID();
const REQUEST = { kind: 'TXT2IMG', txt2img: { prompt: 'x', seed: 1, width: 64, height: 64 } };
const PNG = Buffer.from(encode({ width: 1, height: 1, data: new Uint8Array([9]), channels: 1 }));

/** A worker with one task, that is told to go when `news` comes. Resolves with the events that it told. */
const runAndLeave = async (news: WorkerNews['kind'], withinMs: number): Promise<string[]> => {
  const told: string[] = [];
  const leaving = Promise.withResolvers<void>();
  const generating = Promise.withResolvers<void>();
  let isTaken = false;
  const backend = {
    waitUntilReady: () => Promise.resolve(),
    check: () => Promise.resolve(),
    generate: async (_request: unknown, signal: AbortSignal) => {
      signal.addEventListener('abort', () => generating.reject(signal.reason as Error));
      if (news !== 'job:started') generating.resolve();
      await generating.promise;
      return { read: () => [{ bytes: PNG, contentType: 'image/png', width: 1, height: 1 }] };
    },
    isIdle: () => true,
    progress: () => Promise.resolve(undefined),
    memory: () => Promise.resolve(undefined),
    catalogue: () => undefined,
  } as unknown as Backend;
  const worker: Worker = startWorker({
    workerId: 'w',
    backend,
    queue: {
      receive: (signal) =>
        new Promise((resolve, reject) => {
          signal.throwIfAborted();
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          if (isTaken) return;
          isTaken = true;
          const settle = (): Promise<void> => Promise.resolve();
          const body = JSON.stringify({ v: 1, taskId: ID, dispatch: 1 });
          resolve({ messageId: 'm', body, receiveCount: 1, acknowledge: settle, hide: settle });
        }),
    },
    ledger: {
      tell: async ({ event }: UpdateTaskInput) => {
        told.push(event);
        const at = new Date(0).toISOString();
        const task = { id: ID, attempt: 1, failures: 0, version: 1, status: 'RUNNING', createdAt: at };
        const times = { updatedAt: at, deadlineAt: new Date(3_600_000).toISOString() };
        const request = JSON.stringify({ inline: REQUEST });
        return { accepted: true, task: { ...task, ...times, request } as unknown as Task };
      },
    },
    objects: {
      putImage: () => Promise.resolve('sha256'),
      getRequest: () => Promise.reject(new Error('not asked for')),
      getUpload: () => Promise.reject(new Error('not asked for')),
    },
    restartWebui: () => Promise.resolve(),
    clock: createSystemClock(),
    random: Math.random,
    randomId: randomUUID,
    randomNonce: () => '0'.repeat(32),
    observe: ({ kind }) => {
      if (kind === news) leaving.resolve(worker.drain({ reason: 'test', withinMs }));
    },
    logger: quiet,
  });
  await leaving.promise;
  return told;
};

describe('a worker that must go', () => {
  // It once threw the picture away: nothing was being inferred any more.
  it('stores and tells what was just made', async () => {
    expect(await runAndLeave('job:ended', 60_000)).toEqual(['claim', 'succeed']);
  });

  it('hands back at once what will not be made in time', async () => {
    expect(await runAndLeave('job:started', 0)).toEqual(['claim', 'release']);
  });
});
