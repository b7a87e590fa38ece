/**
 * Holds an instance that must go until its worker has handed back what it had: the worker ends the waiting, or the time
 * does.
 */
export const DRAIN_HOOK = { name: 'drain', heartbeatSeconds: 600 } as const;

/** What a worker may take to leave once it was told to. Less than the hook waits, or the instance goes first. */
export const DRAIN_SECONDS = 300;
