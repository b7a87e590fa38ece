import * as v from 'valibot';
import { TaskError } from '../../../contract/errors.ts';
import { settlesWithin, type Clock } from '../../clock.ts';
import { retry } from '../../retry.ts';
import { BackendStuckError, type Backend, type BackendMemory, type BackendProgress } from '../backend.ts';
import type { WebuiClient, WebuiResponse } from './client.ts';
import { toWebuiError } from './errors.ts';
import { initSizeOf } from './init-size.ts';
import { createNames } from './names.ts';
import { toWebuiCall } from './payload.ts';
import { parseResult } from './result.ts';

/*
 * A WebUI that speaks the A1111 API. It has one job at a time, never tells which, and goes on when its client
 * leaves. So before the first generation, and after any that was given up, it is interrupted until it is idle: what
 * runs then is ours. An interrupt that comes before a job has begun is lost, hence "until".
 */

export interface SdWebuiOptions {
  readonly client: WebuiClient;
  readonly clock: Clock;
  /** 0…1. */
  readonly random: () => number;
  readonly onWaiting: (reason: string) => void;
}

const progressBody = v.object({
  progress: v.number(),
  eta_relative: v.number(),
  state: v.object({
    job_count: v.number(),
    job_no: v.number(),
    sampling_step: v.number(),
    sampling_steps: v.number(),
  }),
  current_image: v.nullable(v.string()),
});

type ProgressBody = v.InferOutput<typeof progressBody>;

const memoryBody = v.object({
  ram: v.object({ used: v.optional(v.number()) }),
  cuda: v.object({ system: v.optional(v.object({ free: v.number() })) }),
});

const IDLE_POLL_MS = 250;
/** The decoding of a picture can't be interrupted. */
const IDLE_TIMEOUT_MS = 30_000;
/** The WebUI makes previews from its tenth step on, every ten steps. */
const PREVIEW_STEPS = 10;
/** Below this its estimate is noise. */
const ETA_FROM_FRACTION = 0.05;

const READINESS_REQUEST = { prompt: '', steps: 1, width: 64, height: 64, seed: 1, sampler_name: 'Euler' };

export const createSdWebui = ({ client, clock, random, onWaiting }: SdWebuiOptions): Backend => {
  const names = createNames(client, clock);
  let isKnownIdle = false;
  let previewStep = 0;

  const readProgress = async (query: string): Promise<ProgressBody | undefined> => {
    const { status, body } = await client.get(`/sdapi/v1/progress${query}`);
    // Anything else is "unknown", never a failed job.
    const parsed = v.safeParse(progressBody, body);
    return status === 200 && parsed.success ? parsed.output : undefined;
  };

  const makeIdle = async (): Promise<void> => {
    const startedAt = clock.now();
    let answered = false;
    while (clock.now() - startedAt < IDLE_TIMEOUT_MS) {
      const now = await readProgress('?skip_current_image=true');
      answered ||= now !== undefined;
      if (now?.state.job_count === 0) {
        isKnownIdle = true;
        return;
      }
      await client.post('/sdapi/v1/interrupt');
      await clock.delay(IDLE_POLL_MS);
    }
    const seconds = IDLE_TIMEOUT_MS / 1000;
    if (answered) throw new BackendStuckError(`Interrupted, the WebUI still worked after ${seconds} s`);
    throw new TaskError('WEBUI_UNREACHABLE', `The WebUI did not tell its progress for ${seconds} s`);
  };

  /**
   * Interrupts until the POST has returned: nothing else proves that its job is over. An idle WebUI may not have begun with it
   * yet, and an interrupt that comes before a job is lost. What can't be stopped here is stopped before the next generation.
   */
  const giveUp = async (posting: Promise<WebuiResponse>): Promise<void> => {
    const startedAt = clock.now();
    const returned = posting.then(
      () => {
        isKnownIdle = true;
      },
      () => undefined,
    );
    do await client.post('/sdapi/v1/interrupt').catch(() => undefined);
    while (
      !(await settlesWithin(clock, returned, IDLE_POLL_MS)) &&
      clock.now() - startedAt < IDLE_TIMEOUT_MS
    );
  };

  const post = async (path: string, body: object, signal: AbortSignal): Promise<WebuiResponse> => {
    if (!isKnownIdle) await makeIdle();
    signal.throwIfAborted();
    isKnownIdle = false;
    previewStep = 0;
    const settled = new AbortController();
    const posting = client.generate(path, body, settled.signal);
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), {
        once: true,
        signal: settled.signal,
      });
    });
    try {
      const response = await Promise.race([posting, aborted]);
      isKnownIdle = true;
      return response;
    } catch (error) {
      if (signal.aborted) await giveUp(posting);
      throw error;
    } finally {
      settled.abort();
    }
  };

  const proveReady = async (signal: AbortSignal): Promise<void> => {
    const response = await post('/sdapi/v1/txt2img', READINESS_REQUEST, signal);
    if (response.status !== 200) throw toWebuiError(response);
    await names.reload();
  };

  return {
    waitUntilReady: (signal) =>
      retry(() => proveReady(signal), {
        clock,
        random,
        firstMs: 500,
        longestMs: 5000,
        signal,
        // A lost GPU is lost to this process of the WebUI for good.
        shouldRetry: (error) =>
          !(error instanceof BackendStuckError) && !(error instanceof TaskError && error.code === 'GPU_LOST'),
        onRetry: (error) => onWaiting(error instanceof Error ? error.message : String(error)),
      }),

    check: async (request) => {
      initSizeOf(request);
      await names.check(request);
    },
    catalogue: names.catalogue,
    isIdle: () => isKnownIdle,

    generate: async (request, signal) => {
      const { path, body } = toWebuiCall(request);
      const response = await post(path, body, signal);
      if (response.status !== 200) throw toWebuiError(response);
      return { read: () => parseResult(request, response.body) };
    },

    progress: async (): Promise<BackendProgress | undefined> => {
      try {
        const light = await readProgress('?skip_current_image=true');
        if (!light || light.state.job_count === 0) return undefined;
        // A preview costs the WebUI a decoding: it is asked for when there should be a new one.
        const isNew = light.state.job_count > 0 && light.state.sampling_step - previewStep >= PREVIEW_STEPS;
        const image = isNew ? (await readProgress(''))?.current_image : undefined;
        if (image) previewStep = light.state.sampling_step;
        return { ...toProgress(light), ...(image && { preview: Buffer.from(image, 'base64') }) };
      } catch {
        return undefined;
      }
    },

    memory: async (): Promise<BackendMemory | undefined> => {
      try {
        const { status, body } = await client.get('/sdapi/v1/memory');
        const parsed = v.safeParse(memoryBody, body);
        if (status !== 200 || !parsed.success) return undefined;
        const { ram, cuda } = parsed.output;
        return { gpuFree: cuda.system?.free, ramUsed: ram.used };
      } catch {
        return undefined;
      }
    },
  };
};

/** While it loads (−1 jobs) the step numbers are still those of the last job. */
const toProgress = ({ progress, eta_relative, state }: ProgressBody): BackendProgress => {
  if (state.job_count < 0) return { fraction: 0, step: 0, steps: 0 };
  const fraction = Math.min(1, Math.max(0, progress - 0.01));
  return {
    fraction,
    step: state.job_no * state.sampling_steps + state.sampling_step,
    steps: state.job_count * state.sampling_steps,
    ...(fraction >= ETA_FROM_FRACTION && { etaSeconds: Math.round(eta_relative * 10) / 10 }),
  };
};
