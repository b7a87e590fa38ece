import type { Outcome } from './attempt.ts';
import { BackendStuckError, type Backend, type BackendMemory } from './backends/backend.ts';
import { startTimeout, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Observe } from './observe.ts';

export interface SupervisorOptions {
  readonly backend: Backend;
  /** Has the WebUI restarted by whatever runs it; throws where that can't be asked for. */
  readonly restartWebui: () => Promise<void>;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly logger: Logger;
}

/** Keeps the WebUI fit to work, and says when it can't. */
export interface Supervisor {
  readonly isReady: () => boolean;
  /** Resolves once the WebUI has proved itself since it was last in doubt; restarts it where waiting does not help. */
  readonly makeReady: (signal: AbortSignal) => Promise<void>;
  /** What an attempt's end says about the WebUI. */
  readonly learn: (outcome: Outcome) => void;
  /** After an out-of-memory error: restarts the WebUI if it keeps the memory. */
  readonly freeMemory: (signal: AbortSignal) => Promise<void>;
}

/** Of the first model, from a disk that was never read; later the files are in the page cache. */
const FIRST_READY_MS = 10 * 60_000;
const READY_MS = 3 * 60_000;
/** Rounds without success after which the instance calls itself unhealthy; it goes on trying until somebody ends it. */
const ROUNDS = 3;
const UNHEALTHY_PAUSE_MS = 60_000;
/** Less than that share of what was free after the start: the last job's memory was not given back. */
const FREE_SHARE = 0.8;
/** A WebUI loses memory with every change of the model. */
const MAX_RAM_GROWTH_BYTES = 8 * 1024 ** 3;
const LOOK_EVERY_JOBS = 10;

export const createSupervisor = (options: SupervisorOptions): Supervisor => {
  const { backend, restartWebui, clock, observe, logger } = options;
  let ready = false;
  let everReady = false;
  /** Why only a restart can help. */
  let restartReason: string | undefined;
  let fresh: BackendMemory | undefined;
  let jobs = 0;

  const doubt = (reason?: string): void => {
    ready = false;
    restartReason ??= reason;
  };

  const restart = async (reason: string): Promise<void> => {
    logger.warn('restarting the WebUI', { reason });
    try {
      await restartWebui();
      observe({ kind: 'webui:restarted', reason });
    } catch (error) {
      logger.error('the WebUI could not be restarted', { reason: String(error) });
    }
  };

  const prove = async (signal: AbortSignal): Promise<void> => {
    const patience = startTimeout(clock, everReady ? READY_MS : FIRST_READY_MS, () => {
      return new BackendStuckError('The WebUI made no picture in time');
    });
    try {
      await backend.waitUntilReady(AbortSignal.any([signal, patience.signal]));
    } finally {
      patience.clear();
    }
  };

  const makeReady = async (signal: AbortSignal): Promise<void> => {
    for (let round = 1; !ready; round += 1) {
      signal.throwIfAborted();
      if (restartReason !== undefined) await restart(restartReason);
      restartReason = undefined;
      try {
        await prove(signal);
        ready = true;
      } catch (error) {
        signal.throwIfAborted();
        restartReason = error instanceof Error ? error.message : String(error);
        if (round < ROUNDS) continue;
        // Every time: who is told may not have heard.
        observe({ kind: 'worker:unhealthy', reason: restartReason });
        await clock.delay(UNHEALTHY_PAUSE_MS, signal);
      }
    }
    everReady = true;
    fresh = await backend.memory();
    observe({ kind: 'worker:ready' });
  };

  const lookAtMemory = async (): Promise<void> => {
    const now = await backend.memory();
    const growth = (now?.ramUsed ?? 0) - (fresh?.ramUsed ?? 0);
    if (fresh && growth > MAX_RAM_GROWTH_BYTES) doubt('Its memory has grown by more than 8 GiB');
  };

  return {
    isReady: () => ready,
    makeReady: (signal) => (ready ? Promise.resolve() : makeReady(signal)),

    learn: (outcome) => {
      jobs += 1;
      if (outcome.kind === 'failed') {
        const { code } = outcome.error;
        if (code === 'GPU_LOST') doubt('The GPU was lost to its process');
        if (code === 'WEBUI_UNREACHABLE' || code === 'EXECUTION_TIMEOUT') doubt();
      }
      // Or the next task, and the one after that, would find it busy with what nobody wants.
      if (!backend.isIdle()) doubt();
      if (jobs % LOOK_EVERY_JOBS === 0) void lookAtMemory();
    },

    freeMemory: async (signal) => {
      const now = await backend.memory();
      const isBack = now?.gpuFree !== undefined && now.gpuFree >= FREE_SHARE * (fresh?.gpuFree ?? 0);
      if (isBack) return;
      doubt('It kept the memory of a job that had failed');
      await makeReady(signal);
    },
  };
};
