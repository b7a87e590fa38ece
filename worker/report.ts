import {
  WORKER_REPORT_SECONDS,
  WORKER_STALE_SECONDS,
  type Catalogue,
  type WorkerState,
} from '../contract/worker.ts';
import type { ReportWorkerInput } from '../contract/schema.generated.ts';
import { settlesWithin, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';

export interface ReportsOptions {
  /** Whose worker it is, and what it runs on. */
  readonly who: () => Pick<ReportWorkerInput, 'id' | 'pool' | 'instanceType' | 'bootSeconds'>;
  readonly send: (input: ReportWorkerInput) => Promise<unknown>;
  readonly state: () => { readonly state: WorkerState; readonly reason: string | undefined };
  readonly megapixelStepsPerSecond: () => number | undefined;
  readonly catalogue: () => Catalogue | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Reports {
  /** Tells soon. */
  readonly poke: () => void;
  /** Tells the last state, and nothing more. */
  readonly stop: () => Promise<void>;
}

/** Changes that come together are told once. */
const SETTLE_MS = 1000;

/**
 * Tells what the worker is doing and what its WebUI has, when it is asked to and once a minute. A report that fails is followed by
 * the next.
 */
export const startReports = (options: ReportsOptions): Reports => {
  const { who, send, state, megapixelStepsPerSecond, catalogue, clock, logger } = options;
  let wake = Promise.withResolvers<void>();
  let stopped = false;
  let told: { readonly catalogue: Catalogue | undefined; readonly at: number } | undefined;

  const tell = async (): Promise<void> => {
    const known = catalogue();
    const rate = megapixelStepsPerSecond();
    const now = state();
    try {
      await send({
        ...who(),
        state: now.state,
        reason: now.reason ?? null,
        megapixelStepsPerSecond: rate ?? null,
        catalogue: known && isNews(known) ? toInput(known) : null,
      });
      told = { catalogue: known, at: clock.now() };
    } catch (error) {
      logger.warn('worker not reported', { reason: String(error) });
    }
  };

  /** It is large and seldom new; but a worker that was not heard of for a while has been forgotten. */
  const isNews = (catalogue: Catalogue): boolean =>
    told?.catalogue !== catalogue || clock.now() - told.at >= WORKER_STALE_SECONDS * 1000;

  const run = async (): Promise<void> => {
    while (!stopped) {
      await settlesWithin(clock, wake.promise, WORKER_REPORT_SECONDS * 1000);
      wake = Promise.withResolvers<void>();
      if (!stopped) await settlesWithin(clock, wake.promise, SETTLE_MS);
      await tell();
    }
  };

  const running = run();
  return {
    poke: () => wake.resolve(),
    stop: () => {
      stopped = true;
      wake.resolve();
      return running;
    },
  };
};

const toInput = (catalogue: Catalogue): NonNullable<ReportWorkerInput['catalogue']> => ({
  checkpoints: [...catalogue.checkpoints],
  vaes: [...catalogue.vaes],
  loras: [...catalogue.loras],
  upscalers: [...catalogue.upscalers],
  samplers: [...catalogue.samplers],
  schedulers: [...catalogue.schedulers],
});
