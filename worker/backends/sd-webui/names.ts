import * as v from 'valibot';
import { TaskError } from '../../../contract/errors.ts';
import type { TaskRequest } from '../../../contract/request.ts';
import type { WebuiClient } from './client.ts';

/*
 * The WebUI takes a name it does not know for another one, silently: the first sampler, the automatic schedule, the model
 * that happens to be loaded. So every name is looked up before it is sent.
 */

const LISTS = {
  model: { path: '/sdapi/v1/sd-models', keys: ['model_name', 'title'], code: 'UNKNOWN_MODEL' },
  vae: { path: '/sdapi/v1/sd-vae', keys: ['model_name'], code: 'UNKNOWN_MODEL' },
  sampler: { path: '/sdapi/v1/samplers', keys: ['name'], code: 'INVALID_REQUEST' },
  scheduler: { path: '/sdapi/v1/schedulers', keys: ['name', 'label'], code: 'INVALID_REQUEST' },
  upscaler: { path: '/sdapi/v1/upscalers', keys: ['name'], code: 'INVALID_REQUEST' },
  hiresUpscaler: { path: '/sdapi/v1/latent-upscale-modes', keys: ['name'], code: 'INVALID_REQUEST' },
} as const;

type ListName = keyof typeof LISTS;

const rows = v.array(v.record(v.string(), v.unknown()));

/** Throws `TaskError` naming what this WebUI does not have, and what it has. */
export type CheckNames = (request: TaskRequest) => Promise<void>;

export const createCheckNames = (client: WebuiClient): CheckNames => {
  const read = async (list: ListName): Promise<string[]> => {
    const { path, keys } = LISTS[list];
    const { status, body } = await client.get(path);
    const parsed = v.safeParse(rows, body);
    if (status !== 200 || !parsed.success)
      throw new TaskError('WEBUI_ERROR', `The WebUI answered ${status} to ${path}`);
    return parsed.output.flatMap((row) =>
      keys.flatMap((key) => (typeof row[key] === 'string' ? [row[key]] : [])),
    );
  };

  const check = async (
    name: string | undefined,
    ...lists: readonly [ListName, ...ListName[]]
  ): Promise<void> => {
    if (name === undefined) return;
    const known = (await Promise.all(lists.map(read))).flat();
    if (known.includes(name)) return;
    const { code } = LISTS[lists[0]];
    throw new TaskError(
      code,
      `This WebUI has no ${lists[0]} "${name}". It has: ${known.slice(0, 40).join(', ')}`,
    );
  };

  return async (request) => {
    if (request.kind === 'UPSCALE') return check(request.upscale.upscaler, 'upscaler');
    const sampling = request.kind === 'TXT2IMG' ? request.txt2img : request.img2img;
    await check(sampling.model, 'model');
    await check(sampling.vae, 'vae');
    await check(sampling.sampler, 'sampler');
    await check(sampling.scheduler, 'scheduler');
    if (request.kind === 'TXT2IMG') await check(request.txt2img.hires?.upscaler, 'hiresUpscaler', 'upscaler');
  };
};
