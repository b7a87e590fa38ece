import { TaskError } from '../contract/errors.ts';
import type { TaskRequest } from '../contract/request.ts';
import { readRequest, type Attempt } from './attempt.ts';
import type { Backend, GeneratedImage } from './backends/backend.ts';
import type { Deadlines } from './deadline.ts';
import { InterruptionError } from './heartbeat.ts';
import type { ObjectStore } from './object-store.ts';

/** What became of an attempt, before anybody was told. */
export type Outcome =
  | {
      readonly kind: 'made';
      readonly images: readonly GeneratedImage[];
      readonly embedMetadata: boolean;
      readonly inferenceMs: number;
    }
  | { readonly kind: 'failed'; readonly error: TaskError }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'lost' }
  /** Given back, since the worker must go. */
  | { readonly kind: 'released' };

export interface InferOptions {
  readonly backend: Backend;
  readonly objects: ObjectStore;
  readonly deadlines: Deadlines;
  /** Milliseconds that only grow. */
  readonly clock: () => number;
  /** Aborts when the worker must go. */
  readonly drain: AbortSignal;
}

/** Never rejects: whatever goes wrong is an outcome. `interruption` is the heartbeat's signal. */
export type Infer = (attempt: Attempt, interruption: AbortSignal) => Promise<Outcome>;

export const createInfer = ({ backend, objects, deadlines, clock, drain }: InferOptions): Infer => {
  /** Memory that another job left behind may be free by now: that much is worth one more try, and no more. */
  const inferTwice = async (
    request: TaskRequest,
    signal: AbortSignal,
  ): Promise<readonly GeneratedImage[]> => {
    const isOutOfMemory = (error: unknown): boolean =>
      error instanceof TaskError && error.code === 'OUT_OF_MEMORY';
    try {
      return await backend.infer(request, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
    }
    try {
      return await backend.infer(request, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const message = 'The GPU has not enough memory for this: ask for fewer pixels or images.';
      throw new TaskError('OUT_OF_MEMORY', message, { cause: error, retryable: false });
    }
  };

  return async (attempt, interruption) => {
    let deadline: AbortSignal | undefined;
    try {
      const request = await readRequest(attempt, objects);
      const deadlineMs = deadlines.deadlineMs(request);
      deadline = AbortSignal.timeout(deadlineMs);
      const startedAt = clock();
      const images = await inferTwice(request, AbortSignal.any([interruption, drain, deadline]));
      const inferenceMs = Math.round(clock() - startedAt);
      deadlines.measured(request, inferenceMs);
      return { kind: 'made', images, embedMetadata: request.embedMetadata, inferenceMs };
    } catch (error) {
      if (error instanceof InterruptionError) return { kind: error.interruption };
      if (drain.aborted && error === drain.reason) return { kind: 'released' };
      if (deadline?.aborted && error === deadline.reason) {
        return {
          kind: 'failed',
          error: new TaskError('EXECUTION_TIMEOUT', 'The WebUI took far longer than expected.'),
        };
      }
      if (error instanceof TaskError) return { kind: 'failed', error };
      // Whatever it says is ours to read, not the client's.
      const message = 'Something unforeseen went wrong in the worker.';
      return { kind: 'failed', error: new TaskError('WORKER_ERROR', message, { cause: error }) };
    }
  };
};
