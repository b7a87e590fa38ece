import type { TaskRequest } from '../contract/request.ts';
import { TaskError } from '../contract/errors.ts';
import type { Ledger } from '../ledger/update-task.ts';
import { readRequest, type Attempt, type Outcome } from './attempt.ts';
import type { Backend } from './backends/backend.ts';
import { settlesWithin, type Clock } from './clock.ts';
import { createFinish } from './finish.ts';
import { InterruptionError, startHeartbeat, type Heartbeat } from './heartbeat.ts';
import { createInfer, toFailed } from './infer.ts';
import type { Logger } from './logger.ts';
import type { ObjectStore } from './object-store.ts';
import type { Observe } from './observe.ts';
import type { MessageQueue } from './queue.ts';
import { createRate, type Rate } from './rate.ts';
import { retry } from './retry.ts';
import { createSupervisor } from './supervise.ts';
import { createTake, type Offer } from './take.ts';

/*
 * Three loops that overlap: while the GPU works on one task, the next is taken and the one before is stored and reported, so
 * that the next POST leaves the moment the last one returned.
 *
 *   take     receive ─ claim ─ read request ─ check names        of task n + 1, near the end of n
 *   infer                  POST ─────────────────────────▶       of task n, one at a time
 *   finish         read images ─ store ─ report ─ settle         of task n - 1; n waits for it before it is finished itself
 *
 * A message is received and its task claimed only shortly before the GPU is free: an idle worker elsewhere would have begun
 * with it at once.
 */

export interface WorkerOptions {
  readonly workerId: string;
  readonly queue: MessageQueue;
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly backend: Backend;
  /** Has the WebUI restarted; throws where that can't be asked for. */
  readonly restartWebui: () => Promise<void>;
  readonly clock: Clock;
  /** 0…1. */
  readonly random: () => number;
  /** A UUID. */
  readonly randomId: () => string;
  /** 32 random hex digits. */
  readonly randomNonce: () => string;
  readonly observe: Observe;
  readonly logger: Logger;
}

export interface Worker {
  /**
   * Takes nothing new, finishes what it is working on if that fits into the time, else gives it back; resolves when
   * everybody has been told.
   */
  readonly drain: (options: { readonly reason: string; readonly withinMs: number }) => Promise<void>;
  readonly rate: Pick<Rate, 'megapixelStepsPerSecond'>;
}

/** A claimed task on its way through: ready for the GPU, or already known not to reach it. */
interface Job {
  readonly attempt: Attempt;
  readonly heartbeat: Heartbeat;
  readonly logger: Logger;
  /** There was more to do than GPUs to do it: the message was there when it was asked for. */
  readonly wasWaitedFor: boolean;
  readonly next: { readonly request: TaskRequest } | { readonly outcome: Outcome };
}

const TAKE_BACK_OFF_MS = 2000;
/** An answer within that time was not waited for. */
const AT_ONCE_MS = 500;
/** Before the GPU should be free. */
const RECEIVE_AHEAD_MS = 3000;
const CLAIM_AHEAD_MS = 1000;
/** How long a received message, and then a claimed task, waits for a GPU that should be free by now. */
const HOLD_MS = 10_000;
/** S3 may be away for minutes. */
const READ_PATIENCE_MS = 5 * 60_000;
/** Storing and reporting want their share of the time that is left. */
const FINISH_RESERVE_MS = 5000;

export const startWorker = (options: WorkerOptions): Worker => {
  const { backend, clock, ledger, logger, objects, observe, random } = options;
  // Told to go it takes nothing more, then interrupts what would not be made in time, and in the end gives back all it has.
  const closing = new AbortController();
  const interrupting = new AbortController();
  const draining = new AbortController();
  const rate = createRate();
  const take = createTake(options);
  const supervisor = createSupervisor(options);
  const infer = createInfer({
    backend,
    rate,
    freeMemory: supervisor.freeMemory,
    clock,
    drain: interrupting.signal,
  });
  let unheard = false;
  const finish = createFinish({
    ledger,
    objects,
    clock,
    random,
    drain: draining.signal,
    observe,
    onUnheard: (now) => {
      unheard = now;
    },
  });
  let finishing: Promise<void> = Promise.resolve();
  /** The attempt that the GPU works on, and when it should be through. */
  let inferring: Attempt | undefined;
  let freeAt = 0;
  let wasFreeAt: number | undefined;

  /** At most one attempt is finished at a time: a slow S3 must not pile up pictures. */
  const startFinish = async (job: Job, outcome: Outcome): Promise<void> => {
    await finishing;
    // Later: reading images is hard work, and the next POST comes first.
    finishing = clock.delay(0).then(() => finish({ ...job, outcome }));
  };

  const open = async (attempt: Attempt, wasWaitedFor: boolean): Promise<Job> => {
    const log = logger.child({ taskId: attempt.task.id, attempt: attempt.task.attempt });
    log.info('task taken');
    const heartbeat = startHeartbeat({
      attempt,
      ledger,
      objects,
      clock,
      logger: log,
      progress: () => (inferring === attempt ? backend.progress() : Promise.resolve(undefined)),
    });
    return { attempt, heartbeat, logger: log, wasWaitedFor, next: await prepare(attempt, heartbeat) };
  };

  const prepare = async (attempt: Attempt, heartbeat: Heartbeat): Promise<Job['next']> => {
    const startedAt = clock.now();
    const signal = AbortSignal.any([heartbeat.signal, draining.signal]);
    try {
      const request = await retry(() => readRequest(attempt, objects), {
        clock,
        random,
        firstMs: 500,
        longestMs: 15_000,
        signal,
        shouldRetry: (error) =>
          error instanceof TaskError &&
          error.code === 'STORAGE_ERROR' &&
          clock.now() - startedAt < READ_PATIENCE_MS,
      });
      await backend.check(request);
      return { request };
    } catch (error) {
      if (error instanceof InterruptionError) return { outcome: { kind: error.interruption } };
      if (draining.signal.aborted) return { outcome: { kind: 'released' } };
      return { outcome: toFailed(error) };
    }
  };

  const takeNow = async (): Promise<Job | undefined> => {
    const startedAt = clock.now();
    const offer = await take(closing.signal);
    const wasWaitedFor = clock.now() - startedAt < AT_ONCE_MS;
    const attempt = await offer?.claim();
    return attempt && open(attempt, wasWaitedFor);
  };

  /** The next task, while the GPU is busy. Never rejects. */
  const takeAhead = async (generating: Promise<unknown>, signal: AbortSignal): Promise<Job | undefined> => {
    const isNearlyFree = (aheadMs: number): Promise<boolean> =>
      settlesWithin(clock, generating, Math.max(0, freeAt - clock.now() - aheadMs));
    try {
      await isNearlyFree(RECEIVE_AHEAD_MS);
      if (unheard) return undefined;
      const offer = await take(signal);
      return offer && (await claimAhead(offer, generating, isNearlyFree));
    } catch (error) {
      if (!signal.aborted) logger.warn('no task taken ahead', { reason: String(error) });
      return undefined;
    }
  };

  const claimAhead = async (
    offer: Offer,
    generating: Promise<unknown>,
    isNearlyFree: (aheadMs: number) => Promise<boolean>,
  ): Promise<Job | undefined> => {
    await isNearlyFree(CLAIM_AHEAD_MS);
    if (closing.signal.aborted) {
      await offer.decline();
      return undefined;
    }
    const attempt = await offer.claim();
    if (!attempt) return undefined;
    const job = await open(attempt, true);
    if (await settlesWithin(clock, generating, CLAIM_AHEAD_MS + HOLD_MS)) return job;
    job.logger.info('the GPU is not free yet');
    await finish({ ...job, outcome: unfinished(job) });
    return undefined;
  };

  /** One task through the GPU; resolves with the next one, if it was taken meanwhile. */
  const work = async (job: Job, request: TaskRequest): Promise<Job | undefined> => {
    const { attempt, heartbeat } = job;
    const now = clock.now();
    const gapMs = wasFreeAt === undefined || !job.wasWaitedFor ? undefined : now - wasFreeAt;
    inferring = attempt;
    freeAt = now + rate.expectedMs(request);
    const generating = infer(attempt, request, heartbeat.signal);
    observe({ kind: 'job:started', taskId: attempt.task.id, gapMs });
    const ahead = new AbortController();
    const signal = AbortSignal.any([closing.signal, ahead.signal]);
    const taking = takeAhead(generating, signal);
    const outcome = await generating;
    inferring = undefined;
    wasFreeAt = clock.now();
    observe({ kind: 'job:ended', taskId: attempt.task.id });
    supervisor.learn(outcome);
    if (!supervisor.isReady()) ahead.abort(new Error('The WebUI is in doubt'));
    await startFinish(job, outcome);
    // A poll that is still waiting goes on: it is the next one.
    return taking;
  };

  /** Nobody waits for a WebUI that must prove itself first, or for a worker that goes. */
  const giveBack = async (job: Job): Promise<void> => {
    await startFinish(job, unfinished(job));
  };

  const turn = async (ahead: Job | undefined): Promise<Job | undefined> => {
    if (ahead && !supervisor.isReady()) await giveBack(ahead);
    const held = supervisor.isReady() ? ahead : undefined;
    if (!supervisor.isReady()) wasFreeAt = undefined;
    await supervisor.makeReady(closing.signal);
    // Whoever can't be told of one task takes no other.
    if (!held && unheard) await finishing;
    const job = held ?? (await takeNow());
    if (!job) return undefined;
    if ('request' in job.next && !closing.signal.aborted) return work(job, job.next.request);
    await giveBack(job);
    return undefined;
  };

  const run = async (): Promise<void> => {
    let ahead: Job | undefined;
    while (!closing.signal.aborted) {
      try {
        ahead = await turn(ahead);
      } catch (error) {
        ahead = undefined;
        if (closing.signal.aborted) break;
        logger.warn('no task taken', { reason: String(error) });
        await clock.delay(TAKE_BACK_OFF_MS, closing.signal).catch(() => undefined);
      }
    }
    if (ahead) await giveBack(ahead);
    await finishing;
  };

  const running = run();
  return {
    rate,
    drain: async ({ reason, withinMs }) => {
      const must = new Error(`The worker must go: ${reason}`);
      closing.abort(must);
      observe({ kind: 'worker:draining', reason });
      const interruptInMs = Math.max(0, withinMs - FINISH_RESERVE_MS);
      // A picture that is made already is stored, whatever becomes of the next one.
      if (inferring && freeAt - clock.now() > interruptInMs) interrupting.abort(must);
      if (!(await settlesWithin(clock, running, interruptInMs))) {
        interrupting.abort(must);
        draining.abort(must);
      }
      await running;
      logger.info('worker drained', { reason });
    },
  };
};

/** Of a task that does not reach the GPU: what is known of it, else it goes to somebody else. */
const unfinished = ({ next }: Job): Outcome => ('outcome' in next ? next.outcome : { kind: 'released' });
