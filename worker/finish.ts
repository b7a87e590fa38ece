import { type TaskError } from '../contract/errors.ts';
import { imageKey } from '../contract/keys.ts';
import { RING_SECONDS } from '../contract/limits.ts';
import type { ImageRecordInput, UpdateTaskInput } from '../contract/schema.generated.ts';
import { LedgerUnavailableError, type Ledger, type Verdict } from '../ledger/update-task.ts';
import { leaseOf, type Attempt, type Outcome } from './attempt.ts';
import type { GeneratedImage } from './backends/backend.ts';
import type { Clock } from './clock.ts';
import { InterruptionError, type Heartbeat } from './heartbeat.ts';
import { toFailed } from './infer.ts';
import type { Logger } from './logger.ts';
import type { ObjectStore } from './object-store.ts';
import type { Observe } from './observe.ts';
import { retry } from './retry.ts';
import { stripMetadata } from './strip-metadata.ts';

export interface FinishOptions {
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** 0…1. */
  readonly random: () => number;
  /** Aborts when the worker must go. */
  readonly drain: AbortSignal;
  readonly observe: Observe;
  /** True while a last word was said and not heard. */
  readonly onUnheard: (unheard: boolean) => void;
}

export interface Finishing {
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  readonly heartbeat: Heartbeat;
  readonly logger: Logger;
}

/**
 * Stores what was made, then tells what became of the attempt, then settles the message, in this order: SUCCEEDED names
 * nothing that is not stored. Never rejects.
 */
export type Finish = (finishing: Finishing) => Promise<void>;

type LastWord = Omit<UpdateTaskInput, 'id' | 'attempt' | 'leaseToken'>;

const BACK_OFF_SECONDS = { first: 2, longest: 60 };
/** S3 may be away for minutes; what was made is not thrown away for that. */
const STORE_PATIENCE_MS = 5 * 60_000;

export const createFinish = (options: FinishOptions): Finish => {
  const { ledger, objects, clock, random, drain, observe, onUnheard } = options;

  const store = async (finishing: Finishing, images: readonly GeneratedImage[], embedMetadata: boolean) => {
    const { attempt, heartbeat, logger } = finishing;
    const startedAt = clock.now();
    const signal = AbortSignal.any([heartbeat.signal, drain]);
    const put = ({ bytes, ...image }: GeneratedImage, index: number): Promise<ImageRecordInput> => {
      const file = embedMetadata ? bytes : stripMetadata(bytes);
      const key = imageKey(attempt.nonce, index);
      const once = async (): Promise<ImageRecordInput> => {
        const sha256 = await objects.putImage(key, file, image.contentType);
        return { ...image, key, sha256, bytes: file.length };
      };
      return retry(once, {
        clock,
        random,
        firstMs: 500,
        longestMs: 15_000,
        signal,
        shouldRetry: () => clock.now() - startedAt < STORE_PATIENCE_MS,
        onRetry: (error) => logger.warn('image not stored yet', { reason: String(error) }),
      });
    };
    const stored = await Promise.all(images.map(put));
    return { images: stored, storeMs: Math.round(clock.now() - startedAt) };
  };

  const toFailure = ({ attempt, logger }: Finishing, error: TaskError, isFinal: boolean): LastWord => {
    const { code, message, retryable } = error;
    logger.warn('attempt failed', {
      code,
      reason: message,
      ...(error.cause !== undefined && { cause: String(error.cause) }),
    });
    const failure = { code, message, retryable };
    if (!retryable || isFinal) return { event: 'fail', error: failure };
    const { first, longest } = BACK_OFF_SECONDS;
    const seconds = Math.min(longest, first * 2 ** attempt.task.failures) * (0.75 + random() / 2);
    const backOffSeconds = Math.ceil(seconds);
    return { event: 'retry', error: failure, backOffSeconds, ringSeconds: ringSecondsOf(attempt) };
  };

  /** The message is back in the queue: the reconciler need not look before it may be lost, or the task's time is up. */
  const ringSecondsOf = ({ mustEndAt }: Attempt): number =>
    Math.max(1, Math.min(RING_SECONDS.first, Math.ceil((mustEndAt - clock.now()) / 1000)));

  /** Undefined: there is nothing to say, since nobody would count it. */
  const toLastWord = async (finishing: Finishing, outcome: Outcome): Promise<LastWord | undefined> => {
    switch (outcome.kind) {
      case 'made':
        try {
          const { images, storeMs } = await store(finishing, outcome.read(), outcome.embedMetadata);
          return { event: 'succeed', images, inferenceMs: outcome.inferenceMs, storeMs };
        } catch (error) {
          return toLastWord(finishing, toOutcome(error, drain));
        }
      case 'failed':
        return toFailure(finishing, outcome.error, outcome.isFinal ?? false);
      case 'canceled':
        return { event: 'canceled' };
      case 'released':
        return { event: 'release', backOffSeconds: 0, ringSeconds: ringSecondsOf(finishing.attempt) };
      case 'lost':
        return undefined;
    }
  };

  /** Told until somebody listens: what was made is not thrown away for a bad connection. */
  const tell = async ({ attempt, logger }: Finishing, word: LastWord): Promise<Verdict> => {
    try {
      return await retry(() => ledger.tell({ ...leaseOf(attempt), ...toInput(word) }), {
        clock,
        random,
        firstMs: 250,
        longestMs: 15_000,
        shouldRetry: (error) => error instanceof LedgerUnavailableError,
        onRetry: (error) => {
          onUnheard(true);
          logger.warn('last word not heard', { event: word.event, reason: String(error) });
        },
      });
    } finally {
      onUnheard(false);
    }
  };

  const conclude = async (finishing: Finishing, word: LastWord): Promise<void> => {
    const { attempt, logger } = finishing;
    const verdict = await tell(finishing, word);
    if (verdict.accepted) {
      const { event } = word;
      const code = word.error && { code: word.error.code };
      logger.info('attempt ended', { event, version: verdict.task.version, ...code });
      observe({
        kind: 'attempt:ended',
        taskId: attempt.task.id,
        event,
        ...code,
        ...durationsOf(attempt, word),
      });
      return settle(attempt, word);
    }
    const instead = verdict.code === 'NOT_ALLOWED' ? toSecondBest(word, verdict) : undefined;
    if (instead) return conclude(finishing, instead);
    // Somebody else has the task, or it has ended: what was made here counts no more.
    logger.warn('last word refused', { event: word.event, code: verdict.code, ...verdict.info });
    observe({ kind: 'attempt:lost', taskId: attempt.task.id });
    if (verdict.code === 'TERMINAL') await attempt.message.acknowledge();
  };

  return async (finishing) => {
    const { outcome, heartbeat, logger } = finishing;
    try {
      const word = await toLastWord(finishing, outcome);
      await heartbeat.stop();
      if (word) return await conclude(finishing, word);
      logger.warn('lease lost');
      observe({ kind: 'attempt:lost', taskId: finishing.attempt.task.id });
    } catch (error) {
      // SQS failed after the row was told: the message comes back, and is found to be of no use.
      logger.warn('message not settled', { reason: String(error) });
    } finally {
      await heartbeat.stop();
    }
  };
};

/** What storing ended in, when it did not end well. */
const toOutcome = (error: unknown, drain: AbortSignal): Outcome => {
  if (error instanceof InterruptionError) return { kind: error.interruption };
  if (drain.aborted && error === drain.reason) return { kind: 'released' };
  return toFailed(error);
};

/** `retry` keeps why it was needed to itself: the row has an error only once it has failed. */
const toInput = ({ error, ...word }: LastWord): LastWord =>
  word.event === 'fail' ? { ...word, error: error ?? null } : word;

/** What else can be said: a task that is being canceled is canceled, one that may not be tried again has failed. */
const toSecondBest = (word: LastWord, { info }: Verdict & { accepted: false }): LastWord | undefined => {
  if (info?.status === 'CANCELING' && word.event !== 'canceled') return { event: 'canceled' };
  if (info?.status !== 'RUNNING') return undefined;
  if (word.event === 'retry') return { event: 'fail', error: word.error ?? null };
  return undefined;
};

/** The message goes with the task, and comes back when the task is due again. */
const settle = async ({ message }: Attempt, { event, backOffSeconds }: LastWord): Promise<void> => {
  if (event === 'retry' || event === 'release') await message.hide(backOffSeconds ?? 0);
  else await message.acknowledge();
};

const durationsOf = ({ task }: Attempt, { inferenceMs, storeMs }: LastWord) => ({
  // Both by the resolver's clock.
  ...(task.attempt === 1 && { queuedMs: Date.parse(task.updatedAt) - Date.parse(task.createdAt) }),
  ...(typeof inferenceMs === 'number' && { inferenceMs }),
  ...(typeof storeMs === 'number' && { storeMs }),
});
