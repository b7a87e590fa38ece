import { ApiError } from '../src/errors.ts';
import type { Task } from '../src/task.ts';
import type { Timers } from '../src/timers.ts';
import type { SubscriptionListener, Transport } from '../src/transport.ts';

/* An API whose tasks are what a test says, whose pushes come when a test says, and a clock that a test moves. */

export const toTask = (id: string, version: number, rest: Partial<Task> = {}): Task => ({
  ...{ id, version, owner: 'key:default', retryOf: null, kind: 'TXT2IMG', status: 'RUNNING' },
  ...{
    isTerminal: false,
    attempt: 1,
    failures: 0,
    progress: null,
    estimate: null,
    images: null,
    error: null,
  },
  ...{ createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', startedAt: null },
  ...{ finishedAt: null, startBy: '2026-01-01T06:00:00Z', deadlineAt: '2026-01-01T12:00:00Z' },
  ...{ inferenceMs: null, storeMs: null },
  ...rest,
});

const IMAGE = { url: 'https://cdn.example/1.png', contentType: 'image/png', width: 64, height: 64, bytes: 9 };

export const toSucceeded = (id: string, version: number): Task =>
  toTask(id, version, {
    status: 'SUCCEEDED',
    isTerminal: true,
    images: [{ ...IMAGE, sha256: '0'.repeat(64), seed: 7, infotext: null }],
  });

export const createFakeApi = () => {
  const tasks = new Map<string, Task>();
  const calls: string[] = [];
  const listeners = new Set<SubscriptionListener>();
  let failure: ApiError | undefined;
  const answer = async <T>(call: string, of: () => T): Promise<T> => {
    calls.push(call);
    await Promise.resolve();
    if (failure) throw failure;
    return of();
  };
  const missing = (id: string): never => {
    throw new ApiError('NOT_FOUND', id, { taskId: id });
  };
  const transport: Transport = {
    submit: ({ id }) =>
      answer('submit', () => {
        const task = toTask(id ?? '', 1, { status: 'QUEUED' });
        tasks.set(task.id, task);
        return task;
      }),
    cancel: (id) => answer(`cancel ${id}`, () => tasks.get(id) ?? missing(id)),
    retry: (_id, newId) => answer('retry', () => toTask(newId, 1)),
    get: (id) => answer(`get ${id}`, () => tasks.get(id) ?? null),
    list: ({ nextToken }) =>
      answer('list', () => {
        const first = Number(nextToken ?? 0);
        const newest = [...tasks.values()].reverse();
        const isLast = first + 100 >= newest.length;
        return { items: newest.slice(first, first + 100), nextToken: isLast ? null : String(first + 100) };
      }),
    models: () => answer('models', () => []),
    queue: (pool) => answer(`queue ${pool}`, () => null),
    createUpload: ({ bytes, contentType }) =>
      answer(`createUpload ${contentType} ${bytes}`, () => ({
        id: `upload-${calls.length}`,
        url: 'https://uploads.example',
        fields: { key: 'k' },
      })),
    subscribe: (listener) => {
      calls.push('subscribe');
      listeners.add(listener);
      return () => {
        calls.push('unsubscribe');
        listeners.delete(listener);
      };
    },
  };
  const each = (tell: (listener: SubscriptionListener) => void): void => [...listeners].forEach(tell);
  return {
    transport,
    tasks,
    calls,
    listeners,
    fail: (error: ApiError | undefined) => void (failure = error),
    /** Stores it, and pushes it unless told otherwise. */
    put: (task: Task, isPushed = true): void => {
      tasks.set(task.id, task);
      if (isPushed) each(({ onEvent }) => onEvent(task));
    },
    push: (event: Parameters<SubscriptionListener['onEvent']>[0]) => each(({ onEvent }) => onEvent(event)),
    acknowledge: () => each(({ onStart }) => onStart()),
    end: (error: ApiError) => each(({ onError }) => onError(error)),
  };
};

export const createFakeClock = () => {
  let now = 0;
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>();
  const timers: Timers = {
    setTimeout: (run, ms) => {
      const timer = { at: now + ms, run };
      waiting.add(timer);
      return timer;
    },
    clearTimeout: (timer) => void waiting.delete(timer),
    now: () => now,
  };
  const next = (until: number) =>
    [...waiting].filter(({ at }) => at <= until).sort((left, right) => left.at - right.at)[0];
  return {
    timers,
    pending: () => waiting.size,
    /** Lets time pass, timer by timer. */
    advance: async (ms: number): Promise<void> => {
      const until = now + ms;
      for (let timer = next(until); timer; timer = next(until)) {
        now = Math.max(now, timer.at);
        waiting.delete(timer);
        timer.run();
        await settled();
      }
      now = until;
    },
    /** The machine sleeps: time passes, and no timer runs until it is over. */
    sleep: async (ms: number): Promise<void> => {
      now += ms;
      for (let timer = next(now); timer; timer = next(now)) {
        waiting.delete(timer);
        timer.run();
        await settled();
      }
    },
  };
};

/** Resolves when every promise that could go on has gone on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
