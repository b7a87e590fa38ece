import { setTimeout as delay } from 'node:timers/promises';
import type { FailureCode } from '../contract/errors.ts';
import type { Ledger } from '../ledger/update-task.ts';
import type { Backend } from './backends/backend.ts';
import { createDeadlines } from './deadline.ts';
import { createFinish } from './finish.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createInfer } from './infer.ts';
import type { Logger } from './logger.ts';
import type { ObjectStore } from './object-store.ts';
import type { MessageQueue } from './queue.ts';
import { createTake } from './take.ts';

export interface WorkerOptions {
  readonly workerId: string;
  readonly queue: MessageQueue;
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly backend: Backend;
  readonly clock: () => number;
  readonly random: () => number;
  readonly randomId: () => string;
  readonly randomNonce: () => string;
  readonly logger: Logger;
}

export interface Worker {
  /** Takes nothing new, gives back what it is working on, and resolves when everybody has been told. */
  readonly drain: () => Promise<void>;
}

const TAKE_BACK_OFF_MS = 2000;
/** After these the WebUI has to prove itself again, or it would spoil one task after the other. */
const NOT_READY = new Set<FailureCode>(['WEBUI_UNREACHABLE', 'GPU_LOST', 'EXECUTION_TIMEOUT']);

/**
 * take → infer → finish, again and again. While one task is being finished (stored and reported) the next one is already
 * taken and inferred; no third one before the first is through.
 */
export const startWorker = (options: WorkerOptions): Worker => {
  const { backend, clock, ledger, logger, objects, random } = options;
  const draining = new AbortController();
  const take = createTake(options);
  const infer = createInfer({
    backend,
    objects,
    deadlines: createDeadlines(),
    clock,
    drain: draining.signal,
  });

  let isReady = false;
  const waitUntilReady = async (): Promise<void> => {
    if (isReady) return;
    await backend.waitUntilReady(draining.signal);
    isReady = true;
    logger.info('worker ready');
  };

  const work = async (finishing: Promise<void>): Promise<{ finishing: Promise<void> }> => {
    const attempt = await take(draining.signal);
    if (!attempt) return { finishing };
    const log = logger.child({ taskId: attempt.task.id, attempt: attempt.task.attempt });
    log.info('task taken');
    let isInferring = true;
    const heartbeat = startHeartbeat({
      attempt,
      ledger,
      objects,
      clock,
      logger: log,
      // Afterwards the WebUI's progress is another task's.
      progress: () => (isInferring ? backend.progress() : Promise.resolve(undefined)),
    });
    const outcome = await infer(attempt, heartbeat.signal);
    isInferring = false;
    if (outcome.kind === 'failed' && NOT_READY.has(outcome.error.code)) isReady = false;
    await finishing;
    const finish = createFinish({ ledger, objects, clock, random, logger: log });
    const finished = finish(attempt, outcome, heartbeat.stop).catch((error: unknown) => {
      // SQS failed after the row was told: the message comes back, and is found to be of no use.
      log.warn('message not settled', { reason: String(error) });
    });
    // In an object: what an async function returns is awaited.
    return { finishing: finished };
  };

  const run = async (): Promise<void> => {
    const { signal } = draining;
    let finishing = Promise.resolve();
    while (!signal.aborted) {
      try {
        await waitUntilReady();
        ({ finishing } = await work(finishing));
      } catch (error) {
        if (signal.aborted) break;
        logger.warn('no task taken', { reason: String(error) });
        await delay(TAKE_BACK_OFF_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    await finishing;
  };

  const running = run();
  return {
    drain: async () => {
      draining.abort(new Error('The worker must go'));
      await running;
      logger.info('worker drained');
    },
  };
};
