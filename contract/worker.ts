/** What a WebUI has installed, by the names it goes by in requests. */
export interface Catalogue {
  readonly checkpoints: readonly string[];
  readonly vaes: readonly string[];
  readonly loras: readonly string[];
  readonly upscalers: readonly string[];
  readonly samplers: readonly string[];
  readonly schedulers: readonly string[];
}

export type WorkerState = 'STARTING' | 'READY' | 'BUSY' | 'DRAINING' | 'UNHEALTHY';

/** A worker's row, written by `reportWorker` alone. `updatedAt` in milliseconds, `expiresAt` in seconds. */
export interface WorkerRow {
  readonly id: string;
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
