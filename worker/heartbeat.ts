import { previewKey } from '../contract/keys.ts';
import { BEAT_INTERVAL_SECONDS, LEASE_SECONDS, VISIBILITY_SECONDS } from '../contract/limits.ts';
import type { TaskProgressInput } from '../contract/schema.generated.ts';
import type { Ledger } from '../ledger/update-task.ts';
import { leaseOf, type Attempt } from './attempt.ts';
import type { BackendProgress } from './backends/backend.ts';
import { settlesWithin, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { ObjectStore } from './object-store.ts';

export interface HeartbeatOptions {
  readonly attempt: Attempt;
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  /** Asked every second; undefined: the attempt is not being inferred, or there is nothing to tell. */
  readonly progress: () => Promise<BackendProgress | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Why an attempt must end although nothing failed. */
export type Interruption = 'canceled' | 'lost';

export interface Heartbeat {
  /** Aborts, with an `InterruptionError`, when the task was canceled or somebody else has it. */
  readonly signal: AbortSignal;
  /** Resolves when the last beat is through: nothing is told after it. */
  readonly stop: () => Promise<void>;
}

export class InterruptionError extends Error {
  override readonly name = 'InterruptionError';
  readonly interruption: Interruption;

  constructor(interruption: Interruption) {
    super(`The task was ${interruption}`);
    this.interruption = interruption;
  }
}

/** How often progress is looked at; a step is worth telling, the same step again is not. */
const PROGRESS_INTERVAL_MS = 1000;
const PREVIEW_PATIENCE_MS = 5000;

/**
 * Keeps an attempt ours: renews its lease and the message's visibility, tells progress, and learns whether the task was
 * canceled. A beat that got no answer changes nothing: only an explicit refusal means that the lease is lost.
 */
export const startHeartbeat = (options: HeartbeatOptions): Heartbeat => {
  const { attempt, ledger, objects, progress, clock, logger } = options;
  const interrupted = new AbortController();
  const stopping = new AbortController();
  let told: TaskProgressInput | undefined;
  let beatAt = clock.now();

  const readProgress = async (): Promise<TaskProgressInput | undefined> => {
    const now = await progress();
    if (!now || now.steps === 0) return undefined;
    const { preview, ...numbers } = now;
    return {
      ...numbers,
      previewKey: preview ? await storePreview(preview, now.step) : (told?.previewKey ?? null),
    };
  };

  /** A preview is nice to have: the lease does not wait for it. */
  const storePreview = async (preview: Buffer, step: number): Promise<string | null> => {
    const key = previewKey(attempt.nonce, step);
    const storing = objects.putImage(key, preview, 'image/png').then(
      () => true,
      () => false,
    );
    const isStored = (await settlesWithin(clock, storing, PREVIEW_PATIENCE_MS)) && (await storing);
    return isStored ? key : (told?.previewKey ?? null);
  };

  const beat = async (latest: TaskProgressInput | undefined): Promise<void> => {
    beatAt = clock.now();
    const verdict = await ledger.tell({
      ...leaseOf(attempt),
      event: 'beat',
      leaseSeconds: LEASE_SECONDS,
      ...(latest && { progress: latest }),
    });
    told = latest ?? told;
    if (!verdict.accepted) return interrupted.abort(new InterruptionError('lost'));
    if (verdict.task.status === 'CANCELING') interrupted.abort(new InterruptionError('canceled'));
    await attempt.message.hide(VISIBILITY_SECONDS);
  };

  const look = async (): Promise<void> => {
    const latest = await readProgress();
    const isNew =
      latest !== undefined && (latest.step !== told?.step || latest.previewKey !== told.previewKey);
    const isDue = clock.now() - beatAt >= BEAT_INTERVAL_SECONDS * 1000;
    if (isNew || isDue) await beat(latest);
  };

  const run = async (): Promise<void> => {
    const { signal } = stopping;
    const isOver = (): boolean =>
      signal.aborted || (interrupted.signal.aborted && isLost(interrupted.signal));
    while (!isOver()) {
      try {
        await clock.delay(PROGRESS_INTERVAL_MS, signal);
        await look();
      } catch (error) {
        if (!signal.aborted) logger.warn('beat not heard', { reason: String(error) });
      }
    }
  };

  const running = run();
  return {
    signal: interrupted.signal,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

/** A canceled task stays ours until that was told: a lapsed lease would end it by the reconciler, a minute later. */
const isLost = ({ reason }: AbortSignal): boolean =>
  reason instanceof InterruptionError && reason.interruption === 'lost';
