import { setTimeout as wait } from 'node:timers/promises';

/** Time as the worker knows it: durations alone, so that no machine's date matters. */
export interface Clock {
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Resolves after that long; rejects with the signal's reason when it aborts. */
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const createSystemClock = (): Clock => ({
  now: () => performance.now(),
  delay: async (ms, signal) => {
    try {
      await wait(ms, undefined, { ...(signal && { signal }) });
    } catch (error) {
      // Node wraps the reason into an AbortError of its own.
      throw signal?.aborted ? signal.reason : error;
    }
  },
});

export interface Timeout {
  /** Aborts with the error when the time is over. */
  readonly signal: AbortSignal;
  /** Ends the waiting; the signal stays as it is. */
  readonly clear: () => void;
}

/** Like `AbortSignal.timeout`, by a clock of one's own. */
export const startTimeout = (clock: Clock, ms: number, toError: () => Error): Timeout => {
  const over = new AbortController();
  const cleared = new AbortController();
  clock.delay(ms, cleared.signal).then(
    () => over.abort(toError()),
    () => undefined,
  );
  return { signal: over.signal, clear: () => cleared.abort() };
};

/** Whether the promise settled, one way or the other, within that time. */
export const settlesWithin = async (
  clock: Clock,
  promise: Promise<unknown>,
  ms: number,
): Promise<boolean> => {
  const settled = new AbortController();
  void promise.then(
    () => settled.abort(),
    () => settled.abort(),
  );
  return clock.delay(ms, settled.signal).then(
    () => false,
    () => true,
  );
};
