import pRetry from 'p-retry';
import * as v from 'valibot';
import { setTimeout as delay } from 'node:timers/promises';
import { TaskError } from '../../../contract/errors.ts';
import type { TaskRequest } from '../../../contract/request.ts';
import type { Backend, BackendProgress, GeneratedImage } from '../backend.ts';
import type { WebuiClient } from './client.ts';
import { toWebuiError } from './errors.ts';
import { createCheckNames } from './names.ts';
import { toWebuiCall } from './payload.ts';
import { parseResult } from './result.ts';

/*
 * A WebUI that speaks the A1111 API. It has one job at a time, never tells which, and goes on when its client
 * leaves. So before the first generation, and after any that was given up, it is interrupted until it is idle: what
 * runs then is ours.
 */

export interface SdWebuiOptions {
  readonly client: WebuiClient;
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

const IDLE_POLL_MS = 250;
/** The decoding of a picture can't be interrupted. */
const IDLE_TIMEOUT_MS = 30_000;
/** The WebUI makes previews from its tenth step on, every ten steps. */
const PREVIEW_STEPS = 10;
/** Below this its estimate is noise. */
const ETA_FROM_FRACTION = 0.05;

const READINESS_REQUEST = { prompt: '', steps: 1, width: 64, height: 64, seed: 1, sampler_name: 'Euler' };

export const createSdWebui = ({ client, onWaiting }: SdWebuiOptions): Backend => {
  const checkNames = createCheckNames(client);
  let isKnownIdle = false;
  let previewStep = 0;

  const readProgress = async (query: string): Promise<ProgressBody | undefined> => {
    const { status, body } = await client.get(`/sdapi/v1/progress${query}`);
    // Anything else is "unknown", never a failed job.
    const parsed = v.safeParse(progressBody, body);
    return status === 200 && parsed.success ? parsed.output : undefined;
  };

  const makeIdle = async (): Promise<void> => {
    const deadline = performance.now() + IDLE_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const now = await readProgress('?skip_current_image=true');
      if (now?.state.job_count === 0) {
        isKnownIdle = true;
        return;
      }
      await client.post('/sdapi/v1/interrupt');
      await delay(IDLE_POLL_MS);
    }
    throw new TaskError(
      'WEBUI_ERROR',
      `The WebUI is stuck: interrupted, it still worked after ${IDLE_TIMEOUT_MS / 1000} s`,
    );
  };

  /** The POST is awaited even when it is of no use any more: until it returns, the WebUI is busy with it. */
  const generate = async (path: string, body: object, signal: AbortSignal): Promise<unknown> => {
    if (!isKnownIdle) await makeIdle();
    signal.throwIfAborted();
    isKnownIdle = false;
    previewStep = 0;
    const giveUp = new AbortController();
    const posting = client.generate(path, body, giveUp.signal);
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), {
        once: true,
        signal: giveUp.signal,
      });
    });
    try {
      const response = await Promise.race([posting, aborted]);
      isKnownIdle = true;
      if (response.status !== 200) throw toWebuiError(response);
      return response.body;
    } catch (error) {
      if (signal.aborted) {
        posting.catch(() => undefined);
        // What can't be stopped now is stopped before the next generation.
        await makeIdle().catch(() => undefined);
      }
      throw error;
    } finally {
      giveUp.abort();
    }
  };

  return {
    waitUntilReady: (signal) =>
      pRetry(() => generate('/sdapi/v1/txt2img', READINESS_REQUEST, signal).then(() => undefined), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 500,
        maxTimeout: 5000,
        signal,
        onFailedAttempt: ({ error }) => onWaiting(error.message),
      }),

    infer: async (request: TaskRequest, signal): Promise<readonly GeneratedImage[]> => {
      await checkNames(request);
      const { path, body } = toWebuiCall(request);
      return parseResult(request, await generate(path, body, signal));
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
