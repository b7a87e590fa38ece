import type { Clock } from './clock.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** 0…1. */
  readonly random: () => number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** Ends the trying, with its reason. */
  readonly signal?: AbortSignal;
  /** False: the error is thrown. */
  readonly shouldRetry: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown) => void;
}

/**
 * Tries until it works, or until an error comes that trying again does not mend. Pauses double up to `longestMs`, each by
 * chance between half and all of it. (Not p-retry: that one waits by the system's clock, which the simulation does not have.)
 */
export const retry = async <T>(run: () => Promise<T>, options: RetryOptions): Promise<T> => {
  const { clock, random, firstMs, longestMs, signal, shouldRetry, onRetry } = options;
  for (let pauseMs = firstMs; ; pauseMs = Math.min(longestMs, pauseMs * 2)) {
    signal?.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      if (!shouldRetry(error)) throw error;
      onRetry?.(error);
    }
    await clock.delay(pauseMs * (0.5 + random() / 2), signal);
  }
};
