import { toApiError } from './errors.ts';
import { sleep, type Timers } from './timers.ts';

export interface RetryOptions {
  readonly timers: Timers;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** Ends all waiting. */
  readonly signal?: AbortSignal;
}

/** Makes a call until it is answered, or refused for good, or was tried often enough: 16 seconds at the longest. */
export type Retry = <T>(call: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

const TRIES = 6;
const FIRST_PAUSE_MS = 500;

/** Doubles with every failure, up to a limit. Half of it is chance, so that clients that failed together return apart. */
export const pauseMs = (failures: number, random: () => number, longestMs = Infinity): number =>
  Math.min(longestMs, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + random() / 2);

/** Amplify repeats a call that was answered with 5xx, at once; this repeats whatever may pass, in its own time. */
export const createRetry =
  ({ timers, random, signal: closed }: RetryOptions): Retry =>
  async (call, given) => {
    const signals = [closed, given].filter((signal) => signal !== undefined);
    const signal = AbortSignal.any(signals);
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await call();
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toApiError(thrown);
        if (!error.isRetryable || failures + 1 >= TRIES) throw error;
      }
      await sleep(timers, pauseMs(failures, random), signal);
    }
  };
