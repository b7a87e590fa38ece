import { TaskError } from '../contract/errors.ts';
import type { TaskRequest } from '../contract/request.ts';
import type { Attempt, Outcome } from './attempt.ts';
import { BackendStuckError, type Backend, type Generation } from './backends/backend.ts';
import { startTimeout, type Clock } from './clock.ts';
import { InterruptionError } from './heartbeat.ts';
import type { Rate } from './rate.ts';
import type { Supervisor } from './supervise.ts';

export interface InferOptions {
  readonly backend: Backend;
  readonly rate: Rate;
  readonly freeMemory: Supervisor['freeMemory'];
  readonly clock: Clock;
  /** Aborts when the worker must go. */
  readonly drain: AbortSignal;
}

/** Never rejects: whatever goes wrong is an outcome. `interruption` is the heartbeat's signal. */
export type Infer = (attempt: Attempt, request: TaskRequest, interruption: AbortSignal) => Promise<Outcome>;

export const createInfer = ({ backend, rate, freeMemory, clock, drain }: InferOptions): Infer => {
  const isOutOfMemory = (error: unknown): boolean =>
    error instanceof TaskError && error.code === 'OUT_OF_MEMORY';

  /** Memory that another job left behind may be had again: that much is worth one more try, and no more. */
  const generateTwice = async (request: TaskRequest, signal: AbortSignal): Promise<Generation> => {
    try {
      return await backend.generate(request, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
    }
    await freeMemory(signal);
    try {
      return await backend.generate(request, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const message = 'The GPU has not enough memory for this: ask for fewer pixels or images.';
      throw new TaskError('OUT_OF_MEMORY', message, { cause: error, retryable: false });
    }
  };

  return async (attempt, request, interruption) => {
    const startedAt = clock.now();
    const ownMs = rate.deadlineMs(request);
    const leftMs = Math.max(0, attempt.mustEndAt - startedAt);
    const deadline = startTimeout(clock, Math.min(ownMs, leftMs), () =>
      leftMs < ownMs
        ? new TaskError('DEADLINE_EXCEEDED', 'The task did not end before its deadline.')
        : new TaskError('EXECUTION_TIMEOUT', 'The WebUI took far longer than expected.'),
    );
    try {
      const signal = AbortSignal.any([interruption, drain, deadline.signal]);
      const { read } = await generateTwice(request, signal);
      const inferenceMs = Math.round(clock.now() - startedAt);
      rate.measured(request, inferenceMs);
      return { kind: 'made', read, embedMetadata: request.embedMetadata, inferenceMs };
    } catch (error) {
      if (error instanceof InterruptionError) return { kind: error.interruption };
      if (drain.aborted && error === drain.reason) return { kind: 'released' };
      // Not this task's fault: somebody whose WebUI works may have it.
      if (error instanceof BackendStuckError) return { kind: 'released' };
      return toFailed(error);
    } finally {
      deadline.clear();
    }
  };
};

/** What the message of an unforeseen error says is ours to read, not the client's. */
export const toFailed = (error: unknown): Outcome => ({
  kind: 'failed',
  error:
    error instanceof TaskError
      ? error
      : new TaskError('WORKER_ERROR', 'Something unforeseen went wrong in the worker.', { cause: error }),
  ...(error instanceof TaskError && error.code === 'DEADLINE_EXCEEDED' && { isFinal: true }),
});
