import type { Model, TaskQueue } from './queue.ts';
import { LATENT_UPSCALE_MODES, SAMPLERS, SCHEDULERS, type Scheduler } from './wire/names.ts';

/** What there is, as the WebUI's lists show it. */
export interface Catalogue {
  readonly checkpoints: readonly Checkpoint[];
  readonly vaes: readonly string[];
  readonly loras: readonly string[];
  readonly samplers: readonly string[];
  readonly schedulers: readonly Scheduler[];
  readonly upscalers: readonly string[];
  readonly latentModes: readonly string[];
}

export interface Checkpoint {
  /** `name.safetensors [0123456789]`, without the hash where nobody has computed it. */
  readonly title: string;
  readonly name: string;
  readonly file: string;
  readonly hash: string | null;
}

/** Those that need no file. */
const UPSCALERS = ['None', 'Lanczos', 'Nearest'];

/** Of a kind that no worker has told of: what every v1.10.1 has. */
export const toCatalogue = (models: readonly Model[]): Catalogue => {
  const names = (kind: Model['kind']): string[] =>
    models.filter((model) => model.kind === kind).map(({ name }) => name);
  // The API lists what a hires pass may name with the upscalers.
  const upscalers = names('UPSCALER');
  return {
    checkpoints: toCheckpoints(names('CHECKPOINT')),
    vaes: names('VAE'),
    loras: names('LORA'),
    samplers: inUsualOrder(names('SAMPLER'), SAMPLERS),
    schedulers: toSchedulers(names('SCHEDULER')),
    upscalers: inUsualOrder(
      upscalers.filter((name) => !isLatent(name)),
      UPSCALERS,
    ),
    latentModes: inUsualOrder(upscalers.filter(isLatent), LATENT_UPSCALE_MODES),
  };
};

/** Clients take the first for the default, and the API sorts by name. Where nothing was told it is the usual. */
const inUsualOrder = (found: readonly string[], usual: readonly string[]): readonly string[] =>
  found.length === 0
    ? usual
    : [...usual.filter((name) => found.includes(name)), ...found.filter((name) => !usual.includes(name))];

const isLatent = (name: string): boolean => /^Latent\b/.test(name);

const TITLE = /^(.+)\.(?:safetensors|ckpt|pt|pth|bin)(?: \[([0-9a-f]{8,})\])?$/i;

/** The API lists a checkpoint by its name and by its title: two names of one thing. */
const toCheckpoints = (names: readonly string[]): Checkpoint[] => {
  const titled = names.flatMap((title): Checkpoint[] => {
    const [, path, hash = null] = TITLE.exec(title) ?? [];
    if (path === undefined) return [];
    const file = title.replace(/ \[[0-9a-f]+\]$/i, '');
    return [{ title, name: path.replaceAll(/[\\/]/g, '_'), file, hash }];
  });
  const known = new Set(titled.map(({ name }) => name));
  const untitled = names.filter((name) => !TITLE.test(name) && !known.has(name));
  return [...titled, ...untitled.map((name) => ({ title: name, name, file: name, hash: null }))];
};

/** Listed by name and by label as well. One that v1.10.1 does not have is its own label. */
const toSchedulers = (names: readonly string[]): readonly Scheduler[] => {
  if (names.length === 0) return SCHEDULERS;
  const known = SCHEDULERS.filter(({ name, label }) => names.includes(name) || names.includes(label));
  const usual = new Set(SCHEDULERS.flatMap(({ name, label }) => [name, label]));
  return [...known, ...names.filter((name) => !usual.has(name)).map((name) => ({ name, label: name }))];
};

/** By any of the names under which a WebUI takes it. */
export const findCheckpoint = ({ checkpoints }: Catalogue, alias: string): Checkpoint | undefined =>
  checkpoints.find(({ title, name, file, hash }) =>
    [title, name, file, ...(hash === null ? [] : [hash, `${name} [${hash}]`])].includes(alias),
  );

/** A worker reports once a minute; who has just looked need not look again. */
const KEPT_MS = 10_000;

export interface CatalogueReader {
  readonly read: () => Promise<Catalogue>;
  /** The next read asks anew. */
  readonly refresh: () => void;
}

export const createCatalogueReader = (
  queue: Pick<TaskQueue, 'models'>,
  clock: () => number,
): CatalogueReader => {
  let kept: { readonly at: number; readonly catalogue: Promise<Catalogue> } | undefined;
  return {
    read: async () => {
      if (!kept || clock() - kept.at >= KEPT_MS) {
        kept = { at: clock(), catalogue: queue.models().then(toCatalogue) };
      }
      const { catalogue } = kept;
      try {
        return await catalogue;
      } catch (error) {
        kept = undefined;
        throw error;
      }
    },
    refresh: () => {
      kept = undefined;
    },
  };
};
