import { createHash } from 'node:crypto';
import type { Model, QueueRequest, TaskQueue } from '../../client-sdk/src/front/queue.ts';
import type { Task } from '../../client-sdk/src/index.ts';

/* A queue whose tasks go as far as the test has them go. */

export interface FakeTask {
  readonly request: QueueRequest;
  readonly latest: () => Task;
  /** A newer snapshot. */
  readonly tell: (change: Partial<Task>) => void;
  /** A newer estimate of the same snapshot: only who asks is told. */
  readonly estimate: (estimate: Task['estimate']) => void;
  /** SUCCEEDED, with as many pictures as were asked for. */
  readonly succeed: () => void;
  readonly fail: (code: string, message: string) => void;
  readonly isClosed: () => boolean;
}

export interface FakeTaskQueue extends TaskQueue {
  /** Those that were submitted, once there are as many. */
  readonly submitted: (count: number) => Promise<readonly FakeTask[]>;
  /** What the next submit throws, and every question after a task until then. */
  readonly refuse: (error: Error) => void;
}

/** One grey pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

const INFOTEXT =
  'a cat\nSteps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7.0, Seed: 5, Size: 512x768, Model hash: 0123456789, Model: ink, Version: v1.10.1';

const NEW: Omit<Task, 'id'> = {
  ...{ owner: 'key:default', retryOf: null, kind: 'TXT2IMG', status: 'QUEUED', isTerminal: false },
  ...{ version: 1, attempt: 0, failures: 0, createdAt: '2026-01-02T03:04:05Z' },
  ...{ updatedAt: '2026-01-02T03:04:05Z', startedAt: null, finishedAt: null },
  ...{ startBy: '2026-01-02T09:04:05Z', deadlineAt: '2026-01-02T15:04:05Z' },
  ...{ progress: null, estimate: null, images: null, error: null, inferenceMs: null, storeMs: null },
};

interface OpenTask extends FakeTask {
  readonly next: (seen: number) => Promise<Task>;
  readonly close: () => void;
}

export const createFakeTaskQueue = (models: readonly Model[] = []): FakeTaskQueue => {
  const tasks: FakeTask[] = [];
  const waiting = new Set<() => void>();
  let refusal: Error | undefined;

  const createTask = (request: QueueRequest): OpenTask => {
    let latest: Task = { ...NEW, id: `task-${tasks.length + 1}` };
    let closed = false;
    const listeners = new Set<() => void>();
    const tell = (change: Partial<Task>): void => {
      latest = { ...latest, ...change, version: latest.version + 1 };
      for (const listener of [...listeners]) listener();
    };
    const image = {
      ...{ url: 'https://cdn/0.png', contentType: 'image/png', width: 512, height: 768, bytes: 1 },
      sha256: createHash('sha256').update(PIXEL).digest('hex'),
    };
    return {
      request,
      latest: () => latest,
      tell,
      estimate: (estimate) => {
        latest = { ...latest, estimate };
      },
      succeed: () =>
        tell({
          status: 'SUCCEEDED',
          isTerminal: true,
          images: Array.from({ length: Number(request.payload.batch_size ?? 1) }, (_unused, index) => ({
            ...{ ...image, seed: 5 + index, infotext: INFOTEXT },
          })),
        }),
      fail: (code, message) =>
        tell({ status: 'FAILED', isTerminal: true, error: { code, message, retryable: false } }),
      isClosed: () => closed,
      next: (seen) =>
        new Promise((resolve) => {
          const look = (): void => {
            if (latest.version <= seen) return;
            listeners.delete(look);
            resolve(latest);
          };
          listeners.add(look);
          look();
        }),
      close: () => {
        closed = true;
      },
    };
  };

  return {
    submit: (request) => {
      if (refusal) {
        const error = refusal;
        refusal = undefined;
        return Promise.reject(error);
      }
      const task = createTask(request);
      tasks.push(task);
      for (const look of [...waiting]) look();
      return Promise.resolve({
        id: task.latest().id,
        updates: async function* () {
          for (let seen = 0; ;) {
            const snapshot = await task.next(seen);
            seen = snapshot.version;
            yield snapshot;
            if (snapshot.isTerminal) return;
          }
        },
        status: () => (refusal ? Promise.reject(refusal) : Promise.resolve(task.latest())),
        cancel: () => {
          const { status, isTerminal } = task.latest();
          if (status === 'QUEUED') task.tell({ status: 'CANCELED', isTerminal: true });
          else if (!isTerminal) task.tell({ status: 'CANCELING' });
          return Promise.resolve(task.latest());
        },
        close: task.close,
      });
    },
    submitted: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (tasks.length < count) return;
          waiting.delete(look);
          resolve(tasks);
        };
        waiting.add(look);
        look();
      }),
    refuse: (error) => {
      refusal = error;
    },
    models: () => Promise.resolve(models),
    download: () => Promise.resolve(PIXEL),
    createDownloadImage: () => () => Promise.resolve(PIXEL),
  };
};
