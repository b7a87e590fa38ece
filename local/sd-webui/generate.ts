import { randomInt } from 'node:crypto';
import { httpException, unhandled } from '../../client-sdk/src/front/wire/errors.ts';
import {
  LATENT_UPSCALE_MODES,
  SAMPLERS,
  SCHEDULERS,
  SECOND_ORDER,
  splitSamplerName,
} from '../../client-sdk/src/front/wire/names.ts';
import {
  ALWAYS_ON_SCRIPTS,
  CHECKPOINTS,
  findCheckpoint,
  LORAS,
  SELECTABLE_SCRIPTS,
  UPSCALERS,
  type Checkpoint,
} from './catalogue.ts';
import type { Engine, JobControl } from './engine.ts';
import type { Fault } from './faults.ts';
import { toInfo, toInfotext, type EffectiveJob } from './infotext.ts';
import { readInit, withInit, type Init } from './init.ts';
import { paint, type Raster } from './picture.ts';
import { encodePng, resize } from './png.ts';
import { encodeMs, stepMs, vaeMs, type TimingProfile } from './timing.ts';

export interface GenerateContext {
  readonly engine: Engine;
  readonly timing: TimingProfile;
  /** Resolves after that time on the stand-in's scale. */
  readonly pause: (ms: number) => Promise<void>;
}

export interface Answer {
  readonly images: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly info: string;
  /** What else shall go wrong on the way out. */
  readonly fault: Fault | undefined;
}

type Parameters = Readonly<Record<string, unknown>>;

const OVERRIDES = new Set([
  'sd_model_checkpoint',
  'sd_vae',
  'CLIP_stop_at_last_layers',
  'eta_noise_seed_delta',
  'samples_format',
]);

/** `POST /sdapi/v1/txt2img` and `img2img` from a parsed request to the answer. */
export const generate = async (
  kind: 'txt2img' | 'img2img',
  parameters: Parameters,
  { engine, timing, pause }: GenerateContext,
): Promise<Answer> => {
  checkScripts(parameters);
  const initImages = parameters.init_images as unknown[] | null | undefined;
  if (kind === 'img2img' && !initImages?.length) throw httpException(404, 'Init image not found');

  const made = await engine.run(`scripts_${kind}`, String(parameters.prompt), async (control) => {
    await applyOverrides(engine, control, parameters);
    const init = kind === 'img2img' ? readInit(parameters, sizeOf(parameters)) : undefined;
    const job = toEffectiveJob(parameters, engine, control.fault, init);
    const rasters = await sampleAll(job, parameters, init, control, timing);
    return { job, rasters, fault: control.fault };
  });

  // Encoded after the lock is free: the next job runs meanwhile.
  const { job, rasters, fault } = made;
  const pixels = rasters.reduce((sum, { width, height }) => sum + width * height, 0);
  await pause(encodeMs(timing, pixels));
  const infotexts = rasters.map((_raster, index) => toInfotext(job, index));
  const images = rasters.map((raster, index) =>
    encodePng(spoil(raster, fault), infotexts[index]).toString('base64'),
  );
  const { init_images: _images, mask: _mask, ...echoed } = parameters;
  return {
    images: parameters.send_images === false ? [] : spoilList(images, fault),
    parameters: kind === 'img2img' ? { init_images: null, mask: null, ...echoed } : echoed,
    info: toInfo(job, infotexts, 0),
    fault,
  };
};

const checkScripts = ({ script_name: script, alwayson_scripts: alwaysOn }: Parameters): void => {
  if (typeof script === 'string' && script !== '' && !SELECTABLE_SCRIPTS.includes(script.toLowerCase())) {
    throw httpException(422, `Script '${script}' not found`);
  }
  for (const name of Object.keys((alwaysOn ?? {}) as object)) {
    if (SELECTABLE_SCRIPTS.includes(name.toLowerCase())) {
      throw httpException(422, 'Cannot have a selectable script in the always on scripts params');
    }
    if (!ALWAYS_ON_SCRIPTS.includes(name.toLowerCase()))
      throw httpException(422, `Script '${name}' not found`);
  }
};

/** An unknown checkpoint is dropped without a word, any other unknown key is a KeyError. */
const applyOverrides = async (engine: Engine, control: JobControl, parameters: Parameters): Promise<void> => {
  const overrides = (parameters.override_settings ?? {}) as Record<string, unknown>;
  for (const key of Object.keys(overrides)) {
    if (!OVERRIDES.has(key) && !Object.hasOwn(engine.options, key)) throw unhandled('KeyError', `'${key}'`);
  }
  const wanted =
    findCheckpoint(String(overrides.sd_model_checkpoint ?? '')) ??
    findCheckpoint(String(engine.options.sd_model_checkpoint)) ??
    CHECKPOINTS[0];
  await control.load(wanted);
  if (parameters.override_settings_restore_afterwards === false) control.restore(wanted);
};

/** The latent is an eighth: pixels beyond a multiple of 8 are lost, while texts still tell the size asked for. */
const sizeOf = ({ width, height }: Parameters): { width: number; height: number } => ({
  width: Math.trunc(Number(width ?? 512) / 8) * 8,
  height: Math.trunc(Number(height ?? 512) / 8) * 8,
});

const toEffectiveJob = (
  parameters: Parameters,
  engine: Engine,
  fault: Fault | undefined,
  init: Init | undefined,
): EffectiveJob => {
  const count = Number(parameters.batch_size ?? 1) * Number(parameters.n_iter ?? 1);
  const seed = fixedSeed(parameters.seed);
  const subseed = fixedSeed(parameters.subseed);
  const overrides = (parameters.override_settings ?? {}) as Record<string, unknown>;
  const [sampler, impliedScheduler] = samplerOf(String(parameters.sampler_name || parameters.sampler_index));
  const known = SCHEDULERS.find(
    ({ name, label }) => name === parameters.scheduler || label === parameters.scheduler,
  );
  const subseedStrength = Number(parameters.subseed_strength ?? 0);
  const isHires = parameters.enable_hr === true;
  if (isHires) checkHires(parameters);
  const vae = overrides.sd_vae ?? engine.options.sd_vae;
  return {
    prompt: String(parameters.prompt ?? ''),
    negativePrompt: String(parameters.negative_prompt ?? ''),
    seeds: Array.from({ length: count }, (_unused, index) => seed + (subseedStrength === 0 ? index : 0)),
    subseeds: Array.from({ length: count }, (_unused, index) => subseed + index),
    subseedStrength,
    width: Number(parameters.width ?? 512),
    height: Number(parameters.height ?? 512),
    sampler: fault === 'wrong-sampler' ? SAMPLERS[0] : sampler,
    scheduler: known?.label ?? impliedScheduler ?? 'Automatic',
    cfgScale: Number(parameters.cfg_scale ?? 7),
    steps: Number(parameters.steps ?? 50),
    batchSize: Number(parameters.batch_size ?? 1),
    denoisingStrength: init || isHires ? Number(parameters.denoising_strength) : null,
    clipSkip: Number(overrides.CLIP_stop_at_last_layers ?? engine.options.CLIP_stop_at_last_layers),
    checkpoint: fault === 'wrong-model' ? otherThan(engine.checkpoint()) : engine.checkpoint(),
    vae: vae === 'Automatic' || vae === 'None' ? null : String(vae),
    extra: {
      ...(isHires && {
        'Hires upscale': Number(parameters.hr_scale),
        'Hires upscaler': String(parameters.hr_upscaler ?? 'Latent'),
      }),
      ...(fault !== 'lora-ignored' && toLoraHashes(String(parameters.prompt ?? ''))),
    },
  };
};

/** Only of those that are installed: any other tag is ignored without a word. */
const toLoraHashes = (prompt: string): Record<string, string> => {
  const used = LORAS.filter(({ name }) => prompt.includes(`<lora:${name}:`));
  return used.length === 0
    ? {}
    : { 'Lora hashes': used.map(({ name, hash }) => `${name}: ${hash}`).join(', ') };
};

const otherThan = (checkpoint: Checkpoint): Checkpoint =>
  CHECKPOINTS.find((candidate) => candidate !== checkpoint) ?? checkpoint;

const fixedSeed = (seed: unknown): number =>
  seed === null || seed === undefined || seed === -1 ? randomInt(0, 4_294_967_294) : Number(seed);

/** An unknown sampler is the first of the list, without a word; an old name such as "DPM++ 2M Karras" is taken apart. */
const samplerOf = (name: string): [string, string?] => {
  if (SAMPLERS.includes(name)) return [name];
  const [sampler, scheduler] = splitSamplerName(name, SAMPLERS, SCHEDULERS) ?? [];
  return sampler !== undefined && scheduler !== undefined ? [sampler, scheduler] : [SAMPLERS[0]];
};

const checkHires = ({ denoising_strength: strength, hr_upscaler: upscaler }: Parameters): void => {
  if (strength === null)
    throw unhandled('TypeError', "'<' not supported between instances of 'NoneType' and 'int'");
  if (typeof upscaler === 'string' && ![...LATENT_UPSCALE_MODES, ...UPSCALERS].includes(String(upscaler))) {
    throw unhandled('Exception', `could not find upscaler named ${String(upscaler)}`);
  }
};

const sampleAll = async (
  job: EffectiveJob,
  parameters: Parameters,
  init: Init | undefined,
  control: JobControl,
  timing: TimingProfile,
): Promise<Raster[]> => {
  if (job.steps === 0) throw unhandled('ZeroDivisionError', 'integer division or modulo by zero');
  const base = sizeOf(parameters);
  const isHires = parameters.enable_hr === true;
  const scale = isHires ? Number(parameters.hr_scale) : 1;
  const final = isHires
    ? { width: Math.trunc((base.width * scale) / 8) * 8, height: Math.trunc((base.height * scale) / 8) * 8 }
    : base;
  const iterations = Number(parameters.n_iter ?? 1);
  const steps = init ? Math.ceil(job.steps * init.denoisingStrength) + 1 : job.steps;
  const hiresSteps = Number(parameters.hr_second_pass_steps) || job.steps;
  const msOf = ({ width, height }: { width: number; height: number }): number =>
    stepMs(timing, {
      pixels: width * height,
      batchSize: job.batchSize,
      secondOrder: SECOND_ORDER.has(job.sampler),
    });
  const picture = (
    index: number,
    size: { width: number; height: number },
    step: number,
    of: number,
  ): Raster =>
    withInit(
      paint({
        ...size,
        prompt: job.prompt,
        negativePrompt: job.negativePrompt,
        seed: job.seeds[index] ?? 0,
        step,
        steps: of,
        salt: `${job.sampler}/${job.checkpoint.sha256}${init ? `/${init.hash}` : ''}`,
      }),
      init,
    );

  control.plan(iterations * (isHires ? 2 : 1));
  await control.pause(timing.overheadSeconds * 1000);
  const rasters: Raster[] = [];
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    if (iteration > 0) control.nextBatch();
    const first = iteration * job.batchSize;
    const drawAt =
      (size: { width: number; height: number }, of: number) =>
      (step: number): Raster =>
        picture(first, size, step, of);
    const done = await control.sample(steps, msOf(base), drawAt(base, steps));
    let isWhole = done === steps;
    if (isWhole && isHires) {
      control.nextBatch();
      isWhole = (await control.sample(hiresSteps, msOf(final), drawAt(final, hiresSteps))) === hiresSteps;
    }
    await control.pause(
      vaeMs(timing, { pixels: final.width * final.height, batchSize: job.batchSize, secondOrder: false }),
    );
    for (let index = first; index < first + job.batchSize; index += 1) {
      rasters.push(isWhole ? picture(index, final, steps, steps) : picture(index, base, done, steps));
    }
    // Interrupted: the batch so far, half-baked as it is, and no other.
    if (control.isInterrupted()) break;
  }
  return rasters;
};

const spoil = (raster: Raster, fault: Fault | undefined): Raster => {
  if (fault === 'black') return { ...raster, data: new Uint8Array(raster.data.length) };
  if (fault === 'wrong-size') return resize(raster, raster.width >> 1, raster.height >> 1);
  return raster;
};

const spoilList = (images: readonly string[], fault: Fault | undefined): readonly string[] => {
  switch (fault) {
    case 'bad-b64':
      return images.map(() => '*** this is not base64 ***');
    case 'corrupt-png':
      return images.map((image) => image.slice(0, Math.floor(image.length / 8) * 4));
    case 'fewer-images':
      return images.slice(1);
    case 'empty-images':
      return [];
    default:
      return images;
  }
};
