import { encode } from 'fast-png';
import { createHash } from 'node:crypto';
import type { SubmitTaskInput } from '../../client-sdk/src/index.ts';
import type { FailureCode } from '../../contract/errors.ts';
import { between, createRandom, oneOf, type Random } from '../../local/faults/random.ts';
import type { Fault as WebuiFault } from '../../local/sd-webui/faults.ts';

/** One task of the run, before anybody has submitted it. */
export interface ChaosTask {
  readonly id: string;
  readonly owner: string;
  readonly input: SubmitTaskInput;
  /** The same in the WebUI's words, written down here and not by the code that is tested. */
  readonly reference: { readonly path: string; readonly body: object };
  /** Submitted by two calls at the same time. */
  readonly isTwice: boolean;
  /** Canceled once it was accepted, or once somebody saw it run. */
  readonly cancel: 'accepted' | 'running' | undefined;
  /** Watched by its id too, as after a reload. */
  readonly isWatchedLater: boolean;
  readonly mayExpire: boolean;
  readonly mayEnd: MayEnd;
}

/** How a task may end when nothing else goes wrong. Whatever it is, the infrastructure may spend all of its attempts. */
export interface MayEnd {
  readonly succeeded: boolean;
  readonly failed: readonly FailureCode[];
}

const WELL: MayEnd = { succeeded: true, failed: [] };

/** By the WebUI's fault that the prompt asks for. */
const MARKED: { readonly [K in WebuiFault]?: MayEnd } = {
  // Once in each process: a WebUI that was killed between the two tries does not remember.
  'oom-once': { succeeded: true, failed: ['OUT_OF_MEMORY'] },
  oom: { succeeded: false, failed: ['OUT_OF_MEMORY'] },
  '422': { succeeded: false, failed: ['INVALID_REQUEST'] },
  'http-500': { succeeded: false, failed: ['WEBUI_ERROR'] },
  'html-502': { succeeded: false, failed: ['WEBUI_ERROR'] },
  truncate: { succeeded: false, failed: ['WEBUI_UNREACHABLE', 'WEBUI_ERROR', 'BAD_RESULT'] },
  'corrupt-png': { succeeded: false, failed: ['BAD_RESULT'] },
  black: { succeeded: false, failed: ['NAN_PRODUCED'] },
  crash: { succeeded: false, failed: ['WEBUI_UNREACHABLE'] },
  'cuda-dead': { succeeded: false, failed: ['GPU_LOST'] },
};

export const OWNERS = ['ann', 'bob', 'cleo', 'dan', 'eve', 'fay'];

/** What is to be done, by whom, and what becomes of it: the same for the same seed. */
export const planTasks = (count: number, seed: number): readonly ChaosTask[] =>
  Array.from({ length: count }, (_unused, index) =>
    planTask(index, createRandom(seed, `task ${index}`), `${seed}/${index}`),
  );

const planTask = (index: number, random: Random, name: string): ChaosTask => {
  const work = toWork(random, name);
  const id = toUuid(name);
  const cancel = random() < 0.12 ? oneOf(random, ['accepted', 'running'] as const) : undefined;
  const mayExpire = random() < 0.03;
  return {
    id,
    owner: OWNERS[index % OWNERS.length] ?? 'ann',
    input: { ...work.input, id, ...(mayExpire && { startWithinSeconds: 2 }) },
    reference: work.reference,
    isTwice: random() < 0.1,
    cancel,
    isWatchedLater: random() < 0.15,
    mayExpire,
    mayEnd: work.mayEnd,
  };
};

type Work = Pick<ChaosTask, 'input' | 'reference' | 'mayEnd'>;

const toWork = (random: Random, name: string): Work => {
  const kind = random();
  if (kind < 0.65) return toTxt2Img(random, name, 'typed');
  if (kind < 0.75) return toTxt2Img(random, name, 'raw');
  if (kind < 0.92) return toImg2Img(random, name);
  return toUpscale(random, name);
};

const SIZE = { width: 64, height: 64 };
const REFERENCE = { ...SIZE, cfg_scale: 7, sampler_name: 'Euler a', scheduler: 'Automatic' };

const toTxt2Img = (random: Random, name: string, words: 'typed' | 'raw'): Work => {
  const marker = random() < 0.2 ? oneOf(random, Object.keys(MARKED) as WebuiFault[]) : undefined;
  // The name tells the prompts of all tasks apart: so no picture is right for another task.
  const prompt = marker === undefined ? `picture ${name}` : `[[fault:${marker}]] ${name}`;
  const seed = between(random, 0, 4_294_967_290);
  const steps = between(random, 4, 40);
  const batchSize = between(random, 1, 3);
  const body = { ...REFERENCE, prompt, seed, steps, batch_size: batchSize };
  return {
    input:
      words === 'typed'
        ? { txt2img: { ...SIZE, prompt, seed, steps, batchSize } }
        : { api: '/sdapi/v1/txt2img', payload: JSON.stringify(body) },
    reference: { path: '/sdapi/v1/txt2img', body },
    mayEnd: (marker === undefined ? undefined : MARKED[marker]) ?? WELL,
  };
};

const toImg2Img = (random: Random, name: string): Work => {
  const data = toNoise(name, 64);
  const prompt = `another picture ${name}`;
  const seed = between(random, 0, 4_294_967_290);
  const steps = between(random, 4, 40);
  return {
    input: { img2img: { ...SIZE, prompt, seed, steps, denoisingStrength: 0.5, image: { data } } },
    reference: {
      path: '/sdapi/v1/img2img',
      body: { ...REFERENCE, prompt, seed, steps, denoising_strength: 0.5, init_images: [data] },
    },
    mayEnd: WELL,
  };
};

const toUpscale = (random: Random, name: string): Work => {
  const data = toNoise(name, 48);
  const scale = oneOf(random, [1.5, 2, 3]) ?? 2;
  return {
    input: { upscale: { image: { data }, scale, upscaler: 'Lanczos' } },
    reference: {
      path: '/sdapi/v1/extra-single-image',
      body: { image: data, resize_mode: 0, upscaling_resize: scale, upscaler_1: 'Lanczos' },
    },
    mayEnd: WELL,
  };
};

/** A picture that can't be compressed: as base64 it is more than a row may hold. */
const toNoise = (name: string, side: number): string => {
  const data = createHash('shake256', { outputLength: side * side * 3 })
    .update(name)
    .digest();
  return Buffer.from(encode({ width: side, height: side, data, channels: 3, depth: 8 })).toString('base64');
};

const toUuid = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
