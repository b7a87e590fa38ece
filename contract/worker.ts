/**
 * What a WebUI has installed. A list holds every name under which a request may ask for a thing, so that what is not in any
 * worker's list can be refused at the edge: a scheduler by name and label, and with the upscalers those of a hires pass.
 */
export interface Catalogue {
  readonly checkpoints: readonly string[];
  readonly vaes: readonly string[];
  readonly loras: readonly string[];
  readonly upscalers: readonly string[];
  readonly samplers: readonly string[];
  readonly schedulers: readonly string[];
}

/** What the API calls the things of each list. */
export const CATALOGUE_KINDS = {
  checkpoints: 'CHECKPOINT',
  vaes: 'VAE',
  loras: 'LORA',
  upscalers: 'UPSCALER',
  samplers: 'SAMPLER',
  schedulers: 'SCHEDULER',
} as const satisfies Record<keyof Catalogue, string>;

/**
 * What a report may hold. All names together fit into a DynamoDB item of 400 KB, whatever alphabet they are written in. A list
 * that is full may go on: what it lacks is not refused at the edge.
 */
export const CATALOGUE_LIMITS = { namesPerList: 500, nameCharacters: 200, characters: 90_000 } as const;

export type WorkerState = 'STARTING' | 'READY' | 'BUSY' | 'DRAINING' | 'UNHEALTHY';

/** A worker's row, written by `reportWorker` alone. `updatedAt` in milliseconds, `expiresAt` in seconds. */
export interface WorkerRow {
  readonly id: string;
  /** The pool that it takes from. */
  readonly pool?: string;
  readonly instanceType?: string;
  /** From launch to ready. */
  readonly bootSeconds?: number;
  readonly state: WorkerState;
  readonly reason?: string;
  /** Measured: steps of one megapixel in a second. */
  readonly megapixelStepsPerSecond?: number;
  readonly catalogue?: Catalogue;
  readonly updatedAt: number;
  readonly expiresAt: number;
}

export const WORKERS_TABLE = { partitionKey: 'id', ttlAttribute: 'expiresAt' } as const;

/** A worker reports at least this often, and counts as gone when it has not for the second. */
export const WORKER_REPORT_SECONDS = 60;
export const WORKER_STALE_SECONDS = 180;
/** A row outlives its worker for whoever asks what became of it, and keeps the catalogue of one that was cut off for a while. */
export const WORKER_RETENTION_SECONDS = 24 * 3600;
