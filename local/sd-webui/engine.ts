import { setTimeout as delay } from 'node:timers/promises';
import { findCheckpoint, CHECKPOINTS, type Checkpoint } from './catalogue.ts';
import { HttpError, unhandled } from '../../client-sdk/src/front/wire/errors.ts';
import { failureOf, faultOf, type Fault } from './faults.ts';
import { toTimestamp } from './infotext.ts';
import type { Raster } from './picture.ts';

/*
 * The state machine behind the API. One job at a time, in the order of arrival: `begin` resets the flags, the job
 * walks its steps, `end` clears the job and keeps the flags. Progress is read from the state at any moment, by anybody.
 *
 *   waiting for the lock → begin (job_count −1: loading, encoding the prompt) → steps … → end → encode, answer
 */

export interface EngineOptions {
  /** Multiplies every duration; 0: as fast as it goes. */
  readonly timeScale: number;
  readonly allowFaultMarkers: boolean;
}

export interface JobState {
  skipped: boolean;
  interrupted: boolean;
  stopping_generation: boolean;
  job: string;
  job_count: number;
  job_timestamp: string;
  job_no: number;
  sampling_step: number;
  sampling_steps: number;
}

export interface Engine {
  readonly state: JobState;
  readonly options: Record<string, unknown>;
  readonly checkpoint: () => Checkpoint;
  readonly outOfMemoryEvents: () => number;
  readonly isCudaDead: () => boolean;
  /** Milliseconds since the job began. */
  readonly elapsedMs: () => number;
  /** The picture as far as it is; null between jobs and before there is one. */
  readonly preview: () => Raster | null;
  /** Runs the job when its turn comes. */
  readonly run: <T>(job: string, prompt: string, work: (control: JobControl) => Promise<T>) => Promise<T>;
  /** Waits for the running job, then switches. */
  readonly switchTo: (checkpoint: Checkpoint) => Promise<void>;
}

/** What a running job does to the engine. */
export interface JobControl {
  readonly fault: Fault | undefined;
  readonly load: (checkpoint: Checkpoint) => Promise<void>;
  /** The model of the next request that names none. */
  readonly restore: (checkpoint: Checkpoint) => void;
  readonly plan: (jobCount: number) => void;
  /** One step after the other; resolves with how many were done. `draw` is asked when somebody wants to look. */
  readonly sample: (steps: number, msPerStep: number, draw: (step: number) => Raster) => Promise<number>;
  readonly isInterrupted: () => boolean;
  readonly nextBatch: () => void;
  readonly pause: (ms: number) => Promise<void>;
}

const DEFAULT_OPTIONS: Readonly<Record<string, unknown>> = {
  samples_format: 'png',
  jpeg_quality: 80,
  return_grid: true,
  enable_pnginfo: true,
  live_previews_enable: true,
  show_progress_every_n_steps: 10,
  show_progress_type: 'Approx NN',
  sd_vae: 'Automatic',
  CLIP_stop_at_last_layers: 1,
  eta_noise_seed_delta: 0,
  sd_checkpoints_limit: 1,
  randn_source: 'GPU',
  api_enable_requests: false,
};

export const createEngine = ({ timeScale, allowFaultMarkers }: EngineOptions): Engine => {
  const state: JobState = {
    skipped: false,
    interrupted: false,
    stopping_generation: false,
    job: '',
    job_count: 0,
    job_timestamp: '0',
    job_no: 0,
    sampling_step: 0,
    sampling_steps: 0,
  };
  let loaded: Checkpoint = CHECKPOINTS[0];
  // The checkpoint that the options name; an override loads another for one job.
  const options: Record<string, unknown> = { ...DEFAULT_OPTIONS, sd_model_checkpoint: loaded.file };
  let outOfMemoryEvents = 0;
  let cudaDead = false;
  let beganAt = 0;
  let draw: ((step: number) => Raster) | undefined;
  let previewStep = 0;
  let previewed: { step: number; raster: Raster } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const metOnce = new Set<string>();

  const sleep = (ms: number): Promise<void> => delay(ms * timeScale);

  /** First come, first served. */
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const begin = (job: string): void => {
    Object.assign(state, { skipped: false, interrupted: false, stopping_generation: false, job });
    Object.assign(state, {
      job_count: -1,
      job_no: 0,
      sampling_step: 0,
      job_timestamp: toTimestamp(new Date()),
    });
    beganAt = performance.now();
    previewStep = 0;
    previewed = undefined;
  };

  const end = (): void => {
    Object.assign(state, { job: '', job_count: 0, job_no: 0, sampling_step: 0 });
    draw = undefined;
    previewed = undefined;
  };

  const meet = (prompt: string): Fault | undefined => {
    if (cudaDead) throw failureOf('cuda-dead');
    const fault = allowFaultMarkers ? faultOf(prompt) : undefined;
    if (fault === undefined) return undefined;
    if (fault === 'oom-once' && metOnce.has(prompt)) return undefined;
    metOnce.add(prompt);
    if (fault === 'cuda-dead') cudaDead = true;
    if (fault.startsWith('oom')) outOfMemoryEvents += 1;
    const failure = failureOf(fault);
    if (failure) throw failure;
    return fault;
  };

  const load = async (checkpoint: Checkpoint): Promise<void> => {
    if (checkpoint === loaded) return;
    await sleep(checkpoint.loadSeconds * 1000);
    loaded = checkpoint;
  };

  const sample: JobControl['sample'] = async (steps, msPerStep, drawStep) => {
    state.sampling_steps = steps;
    state.sampling_step = 0;
    draw = drawStep;
    const startedAt = performance.now();
    for (let step = 0; step < steps; step += 1) {
      if (state.interrupted || state.skipped) return step;
      state.sampling_step = step;
      // By the clock, so that small waits don't add up to a late end.
      const dueAt = startedAt + (step + 1) * msPerStep * timeScale;
      await delay(Math.max(0, dueAt - performance.now()));
    }
    return steps;
  };

  return {
    state,
    options,
    checkpoint: () => loaded,
    outOfMemoryEvents: () => outOfMemoryEvents,
    isCudaDead: () => cudaDead,
    elapsedMs: () => performance.now() - beganAt,
    preview: () => {
      const every = Number(options.show_progress_every_n_steps);
      if (!draw || options.live_previews_enable !== true || every <= 0) return null;
      if (state.sampling_step - previewStep >= every) previewStep = state.sampling_step;
      if (previewStep === 0) return null;
      if (previewed?.step !== previewStep) previewed = { step: previewStep, raster: draw(previewStep) };
      return previewed.raster;
    },
    run: (job, prompt, work) =>
      exclusively(async () => {
        begin(job);
        try {
          const fault = meet(prompt);
          // Nobody hears of it: the process is gone, or waits for ever.
          if (fault === 'crash') process.exit(139);
          if (fault === 'hang') {
            Object.assign(state, { job_count: 1, sampling_steps: 20 });
            await new Promise(() => undefined);
          }
          return await work({
            fault,
            load,
            restore: (checkpoint) => {
              const named = findCheckpoint(String(options.sd_model_checkpoint));
              if (named && named !== checkpoint) options.sd_model_checkpoint = checkpoint.file;
            },
            plan: (jobCount) => {
              state.job_count = jobCount;
            },
            sample,
            isInterrupted: () => state.interrupted,
            nextBatch: () => {
              state.job_no += 1;
              state.sampling_step = 0;
              state.skipped = false;
            },
            pause: sleep,
          });
        } catch (error) {
          if (error instanceof HttpError) throw error;
          throw unhandled(error instanceof Error ? error.name : 'Exception', String(error));
        } finally {
          end();
        }
      }),
    switchTo: (checkpoint) => exclusively(() => load(checkpoint)),
  };
};

export interface Progress {
  readonly progress: number;
  readonly eta_relative: number;
}

/** `GET /sdapi/v1/progress`: −1 jobs while loading, 0.01 ahead while running, 0 (never 1 for long) once done. */
export const progressOf = ({ state, elapsedMs }: Engine): Progress => {
  if (state.job_count === 0) return { progress: 0, eta_relative: 0 };
  let progress = 0.01;
  if (state.job_count > 0) progress += state.job_no / state.job_count;
  if (state.sampling_steps > 0 && state.job_count > 0) {
    progress += (1 / state.job_count) * (state.sampling_step / state.sampling_steps);
  }
  progress = Math.min(progress, 1);
  const elapsed = elapsedMs() / 1000;
  return { progress, eta_relative: elapsed / progress - elapsed };
};
