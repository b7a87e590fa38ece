import type { Task } from '../index.ts';
import { modelOf, toEcho, toExtrasInfo, toInfo } from './answer.ts';
import type { Catalogue, CatalogueReader } from './catalogue.ts';
import { toHttpError, toTaskFailure } from './failures.ts';
import type { Kind } from './harmless.ts';
import { toImage } from './images.ts';
import type { Job, Jobs } from './jobs.ts';
import { toDocs, toOpenApi } from './openapi.ts';
import { setOptions, withModel, type Options } from './options.ts';
import { toInternalProgress, toProgress } from './progress.ts';
import type { StoredImage } from '../download.ts';
import type { TaskQueue } from './queue.ts';
import { SETTINGS, toWork, type Call, type Work } from './translate.ts';
import { toPngInfoParameters } from './wire/infotext.ts';
import { field, optional, parseModel, type Model } from './wire/model.ts';
import { toSamplerItem, toSchedulerItem, toUpscalerItem } from './wire/names.ts';
import { isPng, readTexts, withParameters } from './wire/png-text.ts';
import { EXTRA_SINGLE, IMG2IMG, TXT2IMG } from './wire/request-models.ts';

export interface RouteCall {
  readonly body: unknown;
  /** Equal for equal requests. */
  readonly fingerprint: string;
  readonly query: URLSearchParams;
  readonly caller: string;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
}

/** What a route answers with 200: JSON, or a page. */
export type Reply = { readonly json: unknown } | { readonly html: string };

export type Route = (call: RouteCall) => Promise<Reply> | Reply;

export interface RoutesOptions {
  readonly queue: Pick<TaskQueue, 'download' | 'createDownloadImage'>;
  readonly jobs: Jobs;
  readonly catalogue: CatalogueReader;
  readonly optionsOf: (caller: string) => Options;
  readonly randomSeed: () => number;
  readonly clock: () => number;
  /** Told by `cmd-flags`; 0 while it is unknown. */
  readonly port: () => number;
}

const MODELS: Readonly<Record<Kind, Model>> = {
  txt2img: TXT2IMG,
  img2img: IMG2IMG,
  'extra-single-image': EXTRA_SINGLE,
};

const INTERNAL_PROGRESS: Model = {
  id_task: optional('str'),
  id_live_preview: field('int', -1),
  live_preview: field('bool', true),
};

/** The routes of v1.10.1 `--api` that can be answered from a queue, by method and path. */
export const createRoutes = (options: RoutesOptions): Readonly<Record<string, Route>> => {
  const { jobs, catalogue, optionsOf, clock } = options;
  let lastModel = '';
  const generate = createGenerate({ ...options, onModel: (name) => (lastModel = name) });
  const previewOf = createPreviews(options.queue);

  const json = (value: unknown): Reply => ({ json: value });
  const constant =
    (value: unknown): Route =>
    () =>
      json(value);
  const list =
    (toItems: (catalogue: Catalogue) => unknown): Route =>
    async () =>
      json(toItems(await catalogue.read()));
  const refresh: Route = () => {
    catalogue.refresh();
    return json(null);
  };

  const routes: Record<string, Route> = {
    'POST /sdapi/v1/txt2img': async (call) => json(await generate('txt2img', call)),
    'POST /sdapi/v1/img2img': async (call) => json(await generate('img2img', call)),
    'POST /sdapi/v1/extra-single-image': async (call) => json(await generate('extra-single-image', call)),
    'POST /sdapi/v1/png-info': ({ body }) => {
      const bytes = Buffer.from(toImage(parseModel({ image: field('str', '') }, body).image), 'base64');
      const { parameters: info = '', ...items } = readTexts(bytes);
      return json({ info, items, parameters: toPngInfoParameters(info) });
    },

    'GET /sdapi/v1/progress': async ({ caller, query }) => {
      const job = jobs.current(caller);
      job?.look();
      const wantsImage = !/^(true|1|yes|on)$/i.test(query.get('skip_current_image') ?? '');
      const isShown = optionsOf(caller).live_previews_enable !== false;
      const preview = job && wantsImage && isShown ? await previewOf(job) : undefined;
      return json(toProgress(job, jobs.flagsOf(caller), preview?.image ?? null, clock()));
    },
    'POST /sdapi/v1/interrupt': async ({ caller }) => {
      await jobs.interrupt(caller, 'interrupted');
      return json({});
    },
    // A task is one batch: who skips it has nothing left.
    'POST /sdapi/v1/skip': async ({ caller }) => {
      await jobs.interrupt(caller, 'skipped');
      return json(null);
    },

    'GET /sdapi/v1/options': async ({ caller }) =>
      json(withModel(optionsOf(caller), lastModel, await catalogue.read())),
    'POST /sdapi/v1/options': async ({ caller, body }) => {
      setOptions(
        optionsOf(caller),
        parseModel({ options: field('dict', {}) }, { options: body }).options as Options,
        await catalogue.read(),
      );
      return json(null);
    },

    'GET /sdapi/v1/sd-models': list(({ checkpoints }) =>
      checkpoints.map(({ title, name, file, hash }) => ({
        ...{ title, model_name: name, hash, sha256: null, filename: file, config: null },
      })),
    ),
    'GET /sdapi/v1/sd-vae': list(({ vaes }) => vaes.map((name) => ({ model_name: name, filename: name }))),
    'GET /sdapi/v1/loras': list(({ loras }) =>
      loras.map((name) => ({ name, alias: name, path: name, metadata: {} })),
    ),
    'GET /sdapi/v1/samplers': list(({ samplers }) => samplers.map(toSamplerItem)),
    'GET /sdapi/v1/schedulers': list(({ schedulers }) => schedulers.map(toSchedulerItem)),
    'GET /sdapi/v1/upscalers': list(({ upscalers }) => upscalers.map(toUpscalerItem)),
    'GET /sdapi/v1/latent-upscale-modes': list(({ latentModes }) => latentModes.map((name) => ({ name }))),
    'POST /sdapi/v1/refresh-checkpoints': refresh,
    'POST /sdapi/v1/refresh-vae': refresh,
    'POST /sdapi/v1/refresh-loras': refresh,
    'POST /sdapi/v1/refresh-embeddings': refresh,

    // None of these is known to the queue, or has a place in a task.
    'GET /sdapi/v1/embeddings': constant({ loaded: {}, skipped: {} }),
    'GET /sdapi/v1/hypernetworks': constant([]),
    'GET /sdapi/v1/face-restorers': constant([]),
    'GET /sdapi/v1/realesrgan-models': constant([]),
    'GET /sdapi/v1/prompt-styles': constant([]),
    'GET /sdapi/v1/extensions': constant([]),
    'GET /sdapi/v1/scripts': constant({ txt2img: [], img2img: [] }),
    'GET /sdapi/v1/script-info': constant([]),
    // In the form of a WebUI that can't tell: there are many GPUs, or none yet.
    'GET /sdapi/v1/memory': constant({
      ram: { error: 'unavailable' },
      cuda: { error: 'unavailable' },
    }),
    'GET /sdapi/v1/cmd-flags': () =>
      json({ api: true, nowebui: false, listen: false, port: options.port(), api_auth: null }),

    'GET /internal/ping': constant({}),
    'GET /internal/pending-tasks': ({ caller }) => {
      const tasks = jobs.waiting(caller).map(({ label }) => label);
      return json({ size: tasks.length, tasks });
    },
    'POST /internal/progress': async ({ body }) => {
      const wanted = parseModel(INTERNAL_PROGRESS, body);
      const label = String(wanted.id_task ?? '');
      const job = jobs.find(label);
      job?.look();
      const isNew = job?.preview()?.number !== wanted.id_live_preview;
      const preview = job && isNew && wanted.live_preview === true ? await previewOf(job) : undefined;
      return json(toInternalProgress(job, jobs.hasEnded(label), preview, clock()));
    },

    'GET /openapi.json': () => json(toOpenApi(Object.keys(routes))),
    'GET /docs': () => ({ html: toDocs(Object.keys(routes)) }),
    // The real one has its page there; some clients look for any answer.
    'GET /': () => ({ html: toDocs(Object.keys(routes)) }),
  };
  return routes;
};

/** A generation from its body to its answer. */
const createGenerate = (options: RoutesOptions & { readonly onModel: (name: string) => void }) => {
  const { queue, jobs, catalogue, optionsOf, randomSeed, onModel } = options;

  const toPicture = (image: StoredImage, bytes: Buffer, isTold: boolean): string => {
    const infotext = isTold && isPng(bytes) ? image.infotext : undefined;
    // The stored file has none: a picture on a CDN travels further than its prompt should.
    return (infotext ? withParameters(bytes, infotext) : bytes).toString('base64');
  };

  return async (kind: Kind, { body, fingerprint, caller, signal }: RouteCall): Promise<object> => {
    const parameters = parseModel(MODELS[kind], body);
    const call: Call = { kind, parameters, given: Object.keys(body as object) };
    const callerOptions = optionsOf(caller);
    const work = toWork(call, { options: callerOptions, catalogue: await catalogue.read(), randomSeed });
    const { task, job } = await run({ caller, fingerprint: `${kind} ${fingerprint}`, work, signal });
    if (parameters.override_settings_restore_afterwards === false) keepOverrides(callerOptions, parameters);
    const model = modelOf(task.images ?? []);
    if (model !== undefined) onModel(model);
    const isTold = callerOptions.enable_pnginfo !== false;
    const downloadImage = queue.createDownloadImage(task);
    const toAnswer = async (image: StoredImage) => toPicture(image, await downloadImage(image), isTold);
    const images = await Promise.all((task.images ?? []).map(toAnswer));
    if (kind === 'extra-single-image') return { html_info: toExtrasInfo(job.work), image: images[0] ?? '' };
    return {
      images: parameters.send_images === false ? [] : images,
      parameters: toEcho(parameters, kind),
      info: toInfo(job.work, task),
    };
  };

  async function run(call: Parameters<Jobs['run']>[0]): Promise<{ readonly task: Task; readonly job: Job }> {
    const { task, job } = await jobs.run(call).catch((error: unknown) => {
      throw toHttpError(error, call.work);
    });
    if (task.status === 'FAILED' || task.status === 'EXPIRED') throw toTaskFailure(task);
    return { task, job };
  }
};

const keepOverrides = (options: Options, { override_settings: overrides }: Call['parameters']): void => {
  const given = (overrides ?? {}) as Options;
  for (const key of SETTINGS) if (given[key] !== undefined) options[key] = given[key];
};

/** The picture of a job as far as it is, asked for once however often it is looked at. */
const createPreviews = (queue: Pick<TaskQueue, 'download'>) => {
  const seen = new WeakMap<Work, { readonly number: number; readonly image: Promise<string> }>();
  return async (job: Job): Promise<{ readonly image: string; readonly number: number } | undefined> => {
    const preview = job.preview();
    if (!preview) return undefined;
    const kept = seen.get(job.work);
    const { number } = preview;
    const image =
      kept?.number === number
        ? kept.image
        : queue.download(preview.url).then((bytes) => bytes.toString('base64'));
    seen.set(job.work, { number, image });
    // A preview is nice to have.
    return image.then(
      (text) => ({ image: text, number }),
      () => undefined,
    );
  };
};
