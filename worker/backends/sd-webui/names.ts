import * as v from 'valibot';
import { TaskError, type FailureCode } from '../../../contract/errors.ts';
import { lorasIn, type TaskRequest } from '../../../contract/request.ts';
import type { Catalogue } from '../../../contract/worker.ts';
import type { Clock } from '../../clock.ts';
import type { WebuiClient } from './client.ts';

/*
 * The WebUI takes a name it does not know for another one, silently: the first sampler, the automatic schedule, the model
 * that happens to be loaded, no LoRA. So every name is looked up before it is sent, in a list that is kept: asking six
 * times before each picture would leave the GPU waiting.
 */

const LISTS = {
  checkpoints: { path: '/sdapi/v1/sd-models', keys: ['model_name', 'title'] },
  vaes: { path: '/sdapi/v1/sd-vae', keys: ['model_name'] },
  loras: { path: '/sdapi/v1/loras', keys: ['name', 'alias'] },
  samplers: { path: '/sdapi/v1/samplers', keys: ['name'] },
  schedulers: { path: '/sdapi/v1/schedulers', keys: ['name', 'label'] },
  upscalers: { path: '/sdapi/v1/upscalers', keys: ['name'] },
  latentModes: { path: '/sdapi/v1/latent-upscale-modes', keys: ['name'] },
} as const;

type ListName = keyof typeof LISTS;

const rows = v.array(v.record(v.string(), v.unknown()));

/** Somebody may have installed what a request names a moment ago; but not every moment. */
const RELOAD_AFTER_MS = 10_000;
const NAMES_SHOWN = 40;

export interface Names {
  /** Reads the lists anew. Throws `TaskError`. */
  readonly reload: () => Promise<void>;
  /** Throws `TaskError` naming what this WebUI does not have, and what it has. */
  readonly check: (request: TaskRequest) => Promise<void>;
  readonly catalogue: () => Catalogue | undefined;
}

interface Naming {
  readonly name: string;
  readonly list: keyof Catalogue;
  readonly what: string;
  readonly code: FailureCode;
}

export const createNames = (client: WebuiClient, clock: Clock): Names => {
  let known: Catalogue | undefined;
  let loadedAt = 0;

  const read = async (list: ListName): Promise<string[]> => {
    const { path, keys } = LISTS[list];
    const { status, body } = await client.get(path);
    // An engine without LoRA has no such route.
    if (status === 404) return [];
    const parsed = v.safeParse(rows, body);
    if (status !== 200 || !parsed.success)
      throw new TaskError('WEBUI_ERROR', `The WebUI answered ${status} to ${path}`);
    const names = parsed.output.flatMap((row) =>
      keys.flatMap((key) => (typeof row[key] === 'string' ? [row[key]] : [])),
    );
    return [...new Set(names)];
  };

  const reload = async (): Promise<void> => {
    const [checkpoints, vaes, loras, samplers, schedulers, upscalers, latentModes] = await Promise.all([
      read('checkpoints'),
      read('vaes'),
      read('loras'),
      read('samplers'),
      read('schedulers'),
      read('upscalers'),
      read('latentModes'),
    ]);
    known = { checkpoints, vaes, loras, samplers, schedulers, upscalers: [...upscalers, ...latentModes] };
    loadedAt = clock.now();
  };

  const missing = (request: TaskRequest): Naming | undefined =>
    namesIn(request).find(({ name, list }) => !known?.[list].includes(name));

  return {
    reload,
    catalogue: () => known,
    check: async (request) => {
      if (!known) await reload();
      if (missing(request) && clock.now() - loadedAt >= RELOAD_AFTER_MS) await reload();
      const unknown = missing(request);
      if (!unknown) return;
      const { what, name, list, code } = unknown;
      const has = (known?.[list] ?? []).slice(0, NAMES_SHOWN);
      throw new TaskError(code, `This WebUI has no ${what} "${name}". It has: ${has.join(', ') || 'none'}`);
    },
  };
};

const namesIn = (request: TaskRequest): Naming[] => {
  const naming = (
    name: string | undefined,
    list: keyof Catalogue,
    what: string,
    code: FailureCode = 'INVALID_REQUEST',
  ): Naming[] => (name === undefined ? [] : [{ name, list, what, code }]);

  if (request.kind === 'UPSCALE') return naming(request.upscale.upscaler, 'upscalers', 'upscaler');
  const sampling = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
  const hires = request.kind === 'TXT2IMG' ? request.txt2img.hires : undefined;
  return [
    ...naming(sampling.model, 'checkpoints', 'model', 'UNKNOWN_MODEL'),
    ...naming(sampling.vae, 'vaes', 'VAE', 'UNKNOWN_MODEL'),
    ...naming(sampling.sampler, 'samplers', 'sampler'),
    ...naming(sampling.scheduler, 'schedulers', 'scheduler'),
    ...naming(hires?.upscaler, 'upscalers', 'upscaler'),
    ...lorasIn(sampling.prompt).flatMap((name) => naming(name, 'loras', 'LoRA', 'UNKNOWN_MODEL')),
  ];
};
