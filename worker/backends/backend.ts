import type { TaskRequest } from '../../contract/request.ts';
import type { Catalogue } from '../../contract/worker.ts';

/** One image as the engine made it, checked. */
export interface GeneratedImage {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  /** Absent for an upscale. */
  readonly seed?: number;
  /** Stable Diffusion's generation parameters text; absent for an upscale. */
  readonly infotext?: string;
}

/** What the engine answered. */
export interface Generation {
  /**
   * Reads and checks the images. Throws `TaskError` where they are not what was asked for. Apart from `generate`, because it
   * keeps the processor busy while the GPU could be at the next picture.
   */
  readonly read: () => readonly GeneratedImage[];
}

export interface BackendProgress {
  /** 0…1. */
  readonly fraction: number;
  readonly step: number;
  readonly steps: number;
  readonly etaSeconds?: number;
  /** PNG of the picture so far, when there is a newer one than the last time. */
  readonly preview?: Buffer;
}

export interface BackendMemory {
  /** Bytes of the GPU's memory that are free; undefined where the engine can't tell, as with a lost GPU. */
  readonly gpuFree: number | undefined;
  /** Bytes that the engine's process holds in RAM. */
  readonly ramUsed: number | undefined;
}

/** The engine goes on with a job that nobody waits for, and can't be stopped. */
export class BackendStuckError extends Error {
  override readonly name = 'BackendStuckError';
}

/** An inference engine beside the worker. One generation at a time: who calls sees to that. */
export interface Backend {
  /**
   * Resolves once the engine has made a real, tiny picture; tries until then. Throws `BackendStuckError` where only a
   * restart can help.
   */
  readonly waitUntilReady: (signal: AbortSignal) => Promise<void>;
  /** Throws `TaskError` for a request that names what this engine does not have. Sends nothing to the GPU. */
  readonly check: (request: TaskRequest) => Promise<void>;
  /**
   * Makes the images. Throws `TaskError`, and `BackendStuckError` where it could not begin; aborting the signal stops the engine before the promise rejects with the
   * signal's reason, so that the next call finds it idle.
   */
  readonly generate: (request: TaskRequest, signal: AbortSignal) => Promise<Generation>;
  /** False while it may still work on a generation that was given up. */
  readonly isIdle: () => boolean;
  /** How far the running generation is; undefined while there is nothing to tell. Never throws. */
  readonly progress: () => Promise<BackendProgress | undefined>;
  /** Undefined while the engine does not answer. Never throws. */
  readonly memory: () => Promise<BackendMemory | undefined>;
  /** What it has installed, as last read; undefined before it was ready. */
  readonly catalogue: () => Catalogue | undefined;
}
