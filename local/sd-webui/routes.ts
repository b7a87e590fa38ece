import { unhandled } from '../../client-sdk/src/front/wire/errors.ts';
import { toPngInfoParameters } from '../../client-sdk/src/front/wire/infotext.ts';
import { field, parseModel } from '../../client-sdk/src/front/wire/model.ts';
import {
  LATENT_UPSCALE_MODES,
  SAMPLERS,
  SCHEDULERS,
  toSamplerItem,
  toSchedulerItem,
  toUpscalerItem,
} from '../../client-sdk/src/front/wire/names.ts';
import { readParameters } from '../../client-sdk/src/front/wire/png-text.ts';
import { EXTRA_SINGLE, IMG2IMG, TXT2IMG } from '../../client-sdk/src/front/wire/request-models.ts';
import {
  ALWAYS_ON_SCRIPTS,
  CHECKPOINTS,
  findCheckpoint,
  LORAS,
  SELECTABLE_SCRIPTS,
  shortHash,
  titleOf,
  UPSCALERS,
} from './catalogue.ts';
import { progressOf, type Engine } from './engine.ts';
import type { Fault } from './faults.ts';
import { generate, type GenerateContext } from './generate.ts';
import { decodeImage, encodePng, resize } from './png.ts';

/** What a route answers with 200. */
export interface Reply {
  readonly body: unknown;
  readonly fault?: Fault | undefined;
}

export type Route = (call: {
  readonly body: unknown;
  readonly query: URLSearchParams;
}) => Promise<Reply> | Reply;

const GIB = 1024 ** 3;

/** The API of v1.10.1 in `--nowebui` mode, by method and path. */
export const createRoutes = (context: GenerateContext): Readonly<Record<string, Route>> => {
  const { engine } = context;
  const constant =
    (body: unknown): Route =>
    () => ({ body });

  return {
    'POST /sdapi/v1/txt2img': async ({ body }) => {
      const { fault, ...answer } = await generate('txt2img', parseModel(TXT2IMG, body), context);
      return { body: answer, fault };
    },
    'POST /sdapi/v1/img2img': async ({ body }) => {
      const { fault, ...answer } = await generate('img2img', parseModel(IMG2IMG, body), context);
      return { body: answer, fault };
    },
    'POST /sdapi/v1/extra-single-image': async ({ body }) => upscale(parseModel(EXTRA_SINGLE, body), engine),
    'POST /sdapi/v1/png-info': ({ body }) => {
      const { image } = parseModel({ image: field('str', '') }, body);
      const info = readParameters(Buffer.from(String(image), 'base64')) ?? '';
      return { body: { info, items: {}, parameters: toPngInfoParameters(info) } };
    },
    'GET /sdapi/v1/progress': ({ query }) => ({
      body: toProgress(engine, query.get('skip_current_image') === 'true'),
    }),
    'POST /sdapi/v1/interrupt': () => {
      if (engine.state.job_count !== 0) engine.state.interrupted = true;
      return { body: {} };
    },
    'POST /sdapi/v1/skip': () => {
      engine.state.skipped = true;
      return { body: null };
    },
    'GET /sdapi/v1/options': () => ({
      body: { ...engine.options, sd_checkpoint_hash: engine.checkpoint().sha256 },
    }),
    'POST /sdapi/v1/options': ({ body }) => setOptions((body ?? {}) as Record<string, unknown>, engine),
    'GET /sdapi/v1/cmd-flags': constant({
      api: true,
      nowebui: true,
      port: null,
      api_auth: null,
      gradio_auth: null,
    }),
    'GET /sdapi/v1/samplers': constant(SAMPLERS.map(toSamplerItem)),
    'GET /sdapi/v1/schedulers': constant(SCHEDULERS.map(toSchedulerItem)),
    'GET /sdapi/v1/upscalers': constant(UPSCALERS.map(toUpscalerItem)),
    'GET /sdapi/v1/latent-upscale-modes': constant(LATENT_UPSCALE_MODES.map((name) => ({ name }))),
    'GET /sdapi/v1/sd-models': constant(
      CHECKPOINTS.map((checkpoint) => ({
        title: titleOf(checkpoint),
        model_name: checkpoint.name,
        hash: shortHash(checkpoint),
        sha256: checkpoint.sha256,
        filename: `/models/Stable-diffusion/${checkpoint.file}`,
        config: null,
      })),
    ),
    'GET /sdapi/v1/sd-vae': constant([
      {
        model_name: 'vae-ft-mse-840000-ema-pruned.safetensors',
        filename: '/models/VAE/vae-ft-mse-840000-ema-pruned.safetensors',
      },
    ]),
    'GET /sdapi/v1/hypernetworks': constant([]),
    'GET /sdapi/v1/face-restorers': constant([{ name: 'CodeFormer', cmd_dir: null }]),
    'GET /sdapi/v1/prompt-styles': constant([]),
    'GET /sdapi/v1/embeddings': constant({ loaded: {}, skipped: {} }),
    'GET /sdapi/v1/loras': constant(
      LORAS.map(({ name }) => ({
        name,
        alias: name,
        path: `/models/Lora/${name}.safetensors`,
        metadata: {},
      })),
    ),
    'GET /sdapi/v1/scripts': constant({
      txt2img: [...ALWAYS_ON_SCRIPTS, ...SELECTABLE_SCRIPTS],
      img2img: [...ALWAYS_ON_SCRIPTS, ...SELECTABLE_SCRIPTS],
    }),
    'GET /sdapi/v1/script-info': constant(
      [...ALWAYS_ON_SCRIPTS, ...SELECTABLE_SCRIPTS].map((name) => ({
        name,
        is_alwayson: ALWAYS_ON_SCRIPTS.includes(name),
        is_img2img: false,
        args: [],
      })),
    ),
    'GET /sdapi/v1/memory': () => ({ body: toMemory(engine) }),
    'POST /sdapi/v1/refresh-checkpoints': constant(null),
    'POST /sdapi/v1/refresh-vae': constant(null),
    'POST /sdapi/v1/refresh-embeddings': constant(null),
    'POST /sdapi/v1/refresh-loras': constant(null),
    'POST /sdapi/v1/unload-checkpoint': constant({}),
    'POST /sdapi/v1/reload-checkpoint': constant({}),
    'GET /openapi.json': constant({
      openapi: '3.0.2',
      info: { title: 'FastAPI', version: '0.1.0' },
      paths: {},
    }),
  };
};

/** `/progress` never says which task it is about: its response model drops that. */
const toProgress = (engine: Engine, skipImage: boolean): object => {
  const { job_no, job_count, ...state } = engine.state;
  const preview = engine.preview();
  return {
    ...progressOf(engine),
    state: { ...state, job_no, job_count: Math.max(job_count, job_count === -1 ? -1 : 0) },
    current_image: skipImage || !preview ? null : encodePng(preview).toString('base64'),
    textinfo: null,
  };
};

const upscale = async (parameters: Readonly<Record<string, unknown>>, engine: Engine): Promise<Reply> => {
  const { upscaler_1: upscaler, upscaling_resize: factor, image } = parameters;
  const source = decodeImage(image);
  const result = await engine.run('extras', '', (control) => {
    control.plan(1);
    if (!UPSCALERS.includes(String(upscaler))) {
      throw unhandled('AssertionError', `could not find upscaler named ${String(upscaler)}`);
    }
    const scale = upscaler === 'None' ? 1 : Number(factor);
    return Promise.resolve(
      resize(source, Math.trunc(source.width * scale), Math.trunc(source.height * scale)),
    );
  });
  const info = `Postprocess upscale by: ${String(factor)}, Postprocess upscaler: ${String(upscaler)}`;
  return { body: { html_info: `<p>${info}</p>`, image: encodePng(result).toString('base64') } };
};

/** Keys are applied in order; one that does not exist ends it. */
const setOptions = async (wanted: Record<string, unknown>, engine: Engine): Promise<Reply> => {
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(engine.options, key)) throw unhandled('KeyError', `'${key}'`);
    if (key === 'api_enable_requests') continue;
    if (key === 'sd_model_checkpoint') {
      const checkpoint = findCheckpoint(String(value));
      if (!checkpoint) throw unhandled('RuntimeError', `model '${String(value)}' not found`);
      await engine.switchTo(checkpoint);
    }
    engine.options[key] = value;
  }
  return { body: null };
};

const toMemory = (engine: Engine): object => {
  const { rss } = process.memoryUsage();
  const ram = { free: 16 * GIB - rss, used: rss, total: 16 * GIB };
  if (engine.isCudaDead())
    return { ram, cuda: { error: 'CUDA error: an illegal memory access was encountered' } };
  const used = (gib: number): object => ({ current: gib * GIB, peak: gib * GIB });
  return {
    ram,
    cuda: {
      system: { free: 18 * GIB, used: 4 * GIB, total: 22 * GIB },
      active: used(3),
      allocated: used(3),
      reserved: used(4),
      inactive: used(1),
      events: { retries: 0, oom: engine.outOfMemoryEvents() },
    },
  };
};
