import { encode } from 'fast-png';
import { TaskError } from '../../contract/errors.ts';
import type { WebuiClient, WebuiResponse } from '../../worker/backends/sd-webui/client.ts';
import type { Network, SimulatedProcess } from './network.ts';
import type { WebuiFault } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';

/*
 * The WebUI of one instance: one job at a time, a global interrupt, jobs that go on when their client has gone. What a prompt
 * asks for stands in it: `#3 work=2000 fault=oom`.
 */

export interface SimulatedWebui {
  readonly clientOf: (process: SimulatedProcess) => WebuiClient;
  /** By whatever supervises it. */
  readonly restart: () => void;
}

export interface SimulatedWebuiOptions {
  readonly scheduler: Scheduler;
  readonly network: Network;
  /** Counts generations over all WebUIs; what goes wrong with this one, if anything. */
  readonly nextFault: () => WebuiFault | undefined;
  /** The WebUI was given a job while it had another. */
  readonly onOverlap: (prompt: string) => void;
  readonly onJob: (prompt: string, what: 'begins' | 'ends' | 'interrupted') => void;
}

interface Job {
  readonly prompt: string;
  readonly startedAt: number;
  readonly workMs: number;
  readonly steps: number;
  readonly end: (answer: WebuiResponse | Error) => void;
  readonly isDeaf: boolean;
  readonly interruptDelayMs: number;
}

const RESTART_MS = 5000;
const STEPS = 20;
const LISTS: Readonly<Record<string, unknown>> = {
  '/sdapi/v1/sd-models': [{ model_name: 'm', title: 'm [1]' }],
  '/sdapi/v1/sd-vae': [],
  '/sdapi/v1/loras': [],
  '/sdapi/v1/samplers': [{ name: 'Euler a' }],
  '/sdapi/v1/schedulers': [{ name: 'automatic', label: 'Automatic' }],
  '/sdapi/v1/upscalers': [{ name: 'Lanczos' }],
  '/sdapi/v1/latent-upscale-modes': [{ name: 'Latent' }],
};

/** A picture that tells whose it is, by its first pixel. */
const pictures = new Map<number, string>();
export const pictureOf = (seed: number): string => {
  const known = pictures.get(seed);
  if (known !== undefined) return known;
  const data = new Uint8Array(64 * 64).fill(1 + (seed % 250));
  const png = Buffer.from(encode({ width: 64, height: 64, data, channels: 1, depth: 8 })).toString('base64');
  pictures.set(seed, png);
  return png;
};
const BLACK = Buffer.from(
  encode({ width: 64, height: 64, data: new Uint8Array(64 * 64), channels: 1, depth: 8 }),
).toString('base64');

export const workOf = (prompt: string): { readonly workMs: number; readonly fault: string } => ({
  workMs: Number(/work=(\d+)/.exec(prompt)?.[1] ?? 50),
  fault: /fault=([\w-]+)/.exec(prompt)?.[1] ?? 'none',
});

export const createSimulatedWebui = (options: SimulatedWebuiOptions): SimulatedWebui => {
  const { scheduler, network, nextFault, onOverlap, onJob } = options;
  let job: Job | undefined;
  let upAt = 0;
  let isCudaDead = false;
  /** Out of memory once for each prompt. */
  const met = new Set<string>();

  const unreachable = (): TaskError => new TaskError('WEBUI_UNREACHABLE', 'The WebUI did not answer');
  const isUp = (): boolean => upAt <= scheduler.now();

  const end = (answer: WebuiResponse | Error): void => {
    const ended = job;
    job = undefined;
    ended?.end(answer);
  };

  const crash = (): void => {
    upAt = scheduler.now() + RESTART_MS;
    isCudaDead = false;
    if (job) end(unreachable());
  };

  const begin = (body: Record<string, unknown>, resolve: Job['end']): void => {
    const prompt = String(body.prompt);
    if (job) {
      onOverlap(prompt);
      return resolve(unreachable());
    }
    const { workMs, fault } = workOf(prompt);
    const isReadiness = prompt === '';
    const webuiFault = isReadiness ? undefined : nextFault();
    const isHung = fault === 'hang' || webuiFault === 'hang';
    if (!isReadiness) onJob(prompt, 'begins');
    const mine: Job = {
      prompt,
      startedAt: scheduler.now(),
      workMs,
      steps: STEPS,
      isDeaf: isHung,
      interruptDelayMs: webuiFault === 'late-interrupt' ? 5000 : 100,
      end: resolve,
    };
    job = mine;
    if (isHung) return;
    scheduler.after(workMs, () => {
      if (job !== mine) return;
      if (fault === 'crash' || webuiFault === 'crash') return crash();
      if (!isReadiness) onJob(prompt, 'ends');
      end(webuiFault === 'lost-answer' ? unreachable() : answerTo(body, fault));
    });
  };

  const answerTo = (body: Record<string, unknown>, fault: string): WebuiResponse => {
    const prompt = String(body.prompt);
    if (fault === 'cuda-dead') isCudaDead = true;
    if (isCudaDead) return failure('RuntimeError', 'CUDA error: an illegal memory access was encountered');
    const once = `${fault} ${prompt}`;
    switch (fault) {
      case '422':
        return {
          status: 422,
          body: { detail: [{ loc: ['body', 'steps'], msg: 'not an integer', type: 'x' }] },
        };
      case 'http-500':
        return failure('RuntimeError', 'something went wrong');
      case 'oom':
        return failure('OutOfMemoryError', 'CUDA out of memory');
      case 'oom-once':
        if (met.has(once)) break;
        met.add(once);
        return failure('OutOfMemoryError', 'CUDA out of memory');
      case 'nan':
        return failure('NansException', 'A tensor with NaNs was produced in Unet.');
      case 'bad-json':
        return { status: 200, body: null };
      default:
    }
    return success(body, fault);
  };

  const success = (body: Record<string, unknown>, fault: string): WebuiResponse => {
    const seed = Number(body.seed);
    const count = Number(body.batch_size ?? 1);
    const seeds = Array.from({ length: count }, (_unused, index) => seed + index);
    const images = seeds.map((one) => (fault === 'black' ? BLACK : pictureOf(one)));
    const info = {
      index_of_first_image: 0,
      all_seeds: seeds,
      infotexts: seeds.map((one) => `${String(body.prompt)}\nSteps: 20, Seed: ${one}, Size: 64x64`),
      sd_model_name: fault === 'wrong-model' ? 'another' : 'm',
      sd_model_hash: '1',
      sampler_name: body.sampler_name,
    };
    return {
      status: 200,
      body: { images: fault === 'fewer-images' ? [] : images, info: JSON.stringify(info) },
    };
  };

  const interrupt = (): void => {
    const interrupted = job;
    if (!interrupted || interrupted.isDeaf) return;
    scheduler.after(interrupted.interruptDelayMs, () => {
      if (job !== interrupted) return;
      onJob(interrupted.prompt, 'interrupted');
      // 200, with a picture that is half noise.
      end({ status: 200, body: { images: [pictureOf(999)], info: '{}' } });
    });
  };

  const progress = (): object => {
    const fraction = job ? Math.min(1, (scheduler.now() - job.startedAt) / job.workMs) : 0;
    return {
      progress: fraction,
      eta_relative: 1,
      current_image: null,
      state: {
        job_count: job ? 1 : 0,
        job_no: 0,
        sampling_step: Math.floor(fraction * STEPS),
        sampling_steps: STEPS,
      },
    };
  };

  const answer = (path: string): WebuiResponse => {
    if (path.startsWith('/sdapi/v1/progress')) return { status: 200, body: progress() };
    if (path === '/sdapi/v1/memory') {
      const cuda = isCudaDead ? {} : { system: { free: 1 } };
      return { status: 200, body: { ram: { used: 1 }, cuda } };
    }
    return { status: 200, body: LISTS[path] };
  };

  return {
    restart: crash,
    clientOf: (process) => {
      const quick = (path: string, effect: () => WebuiResponse): Promise<WebuiResponse> =>
        network.call(process, 'webui', path, () => {
          if (!isUp()) throw unreachable();
          return effect();
        });
      return {
        get: (path) => quick(path, () => answer(path)),
        post: (path) =>
          quick(path, () => {
            if (path === '/sdapi/v1/interrupt') interrupt();
            return { status: 200, body: {} };
          }),
        generate: async (path, body, signal) => {
          const response = await network.call(process, 'webui', path, () => {
            if (!isUp()) throw unreachable();
            return new Promise<WebuiResponse | Error>((resolve) => {
              begin(body as Record<string, unknown>, resolve);
              // The client hangs up; the job goes on.
              signal.addEventListener('abort', () => resolve(signal.reason as Error), { once: true });
            });
          });
          if (response instanceof Error) throw response;
          return response;
        },
      };
    },
  };
};

const failure = (error: string, errors: string): WebuiResponse => ({
  status: 500,
  body: { error, detail: '', body: '', errors },
});
