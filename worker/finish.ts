import pRetry from 'p-retry';
import { toTaskError, type TaskError } from '../contract/errors.ts';
import { imageKey } from '../contract/keys.ts';
import { RING_SECONDS } from '../contract/limits.ts';
import type { ImageRecordInput, UpdateTaskInput } from '../contract/schema.generated.ts';
import { LedgerUnavailableError, type Ledger, type Verdict } from '../ledger/update-task.ts';
import { leaseOf, type Attempt } from './attempt.ts';
import type { Outcome } from './infer.ts';
import type { Logger } from './logger.ts';
import type { ObjectStore } from './object-store.ts';
import { stripMetadata } from './strip-metadata.ts';

export interface FinishOptions {
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  /** Milliseconds that only grow. */
  readonly clock: () => number;
  /** 0…1. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Stores what was made and tells what became of the attempt; `stopHeartbeat` is called before the last word. */
export type Finish = (
  attempt: Attempt,
  outcome: Outcome,
  stopHeartbeat: () => Promise<void>,
) => Promise<void>;

type LastWord = Omit<UpdateTaskInput, 'id' | 'attempt' | 'leaseToken'>;

const BACK_OFF_SECONDS = { first: 2, longest: 60 };

export const createFinish = ({ ledger, objects, clock, random, logger }: FinishOptions): Finish => {
  const store = async (attempt: Attempt, outcome: Outcome & { kind: 'made' }): Promise<LastWord> => {
    const startedAt = clock();
    const images = await Promise.all(
      outcome.images.map(async ({ bytes, ...image }, index): Promise<ImageRecordInput> => {
        const file = outcome.embedMetadata ? bytes : stripMetadata(bytes);
        const key = imageKey(attempt.nonce, index);
        const sha256 = await objects.putImage(key, file, image.contentType);
        return { ...image, key, sha256, bytes: file.length };
      }),
    );
    const storeMs = Math.round(clock() - startedAt);
    return { event: 'succeed', images, inferenceMs: outcome.inferenceMs, storeMs };
  };

  const toFailure = (attempt: Attempt, error: TaskError): LastWord => {
    const { code, message, retryable } = error;
    logger.warn('attempt failed', {
      code,
      reason: message,
      ...(error.cause !== undefined && { cause: String(error.cause) }),
    });
    const failure = { code, message, retryable };
    if (!retryable) return { event: 'fail', error: failure };
    const { first, longest } = BACK_OFF_SECONDS;
    const seconds = Math.min(longest, first * 2 ** attempt.task.failures) * (0.75 + random() / 2);
    return {
      event: 'retry',
      error: failure,
      backOffSeconds: Math.ceil(seconds),
      ringSeconds: RING_SECONDS.first,
    };
  };

  const toLastWord = async (attempt: Attempt, outcome: Outcome): Promise<LastWord | undefined> => {
    switch (outcome.kind) {
      case 'made':
        return store(attempt, outcome).catch((error: unknown) =>
          toFailure(attempt, toTaskError(error, 'STORAGE_ERROR')),
        );
      case 'failed':
        return toFailure(attempt, outcome.error);
      case 'canceled':
        return { event: 'canceled' };
      case 'released':
        return { event: 'release', backOffSeconds: 0, ringSeconds: RING_SECONDS.first };
      case 'lost':
        return undefined;
    }
  };

  /** Told until somebody listens: what was made is not thrown away for a bad connection. */
  const tell = (attempt: Attempt, word: LastWord): Promise<Verdict> =>
    pRetry(() => ledger.tell({ ...leaseOf(attempt), ...toInput(word) }), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 250,
      maxTimeout: 15_000,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof LedgerUnavailableError,
      onFailedAttempt: ({ error }) =>
        logger.warn('last word not heard', { event: word.event, reason: error.message }),
    });

  const conclude = async (attempt: Attempt, word: LastWord): Promise<void> => {
    const verdict = await tell(attempt, word);
    if (verdict.accepted) {
      logger.info('attempt ended', {
        event: word.event,
        version: verdict.task.version,
        ...(word.error && { code: word.error.code }),
      });
      return settle(attempt, word);
    }
    const instead = verdict.code === 'NOT_ALLOWED' ? toSecondBest(word, verdict) : undefined;
    if (instead) return conclude(attempt, instead);
    // Somebody else has the task, or it has ended: what was made here counts no more.
    logger.warn('last word refused', { event: word.event, code: verdict.code, ...verdict.info });
    if (verdict.code === 'TERMINAL') await attempt.message.acknowledge();
  };

  return async (attempt, outcome, stopHeartbeat) => {
    const word = await toLastWord(attempt, outcome);
    await stopHeartbeat();
    if (word) await conclude(attempt, word);
    else logger.warn('lease lost');
  };
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
