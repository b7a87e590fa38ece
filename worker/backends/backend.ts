import type { TaskRequest } from '../../contract/request.ts';

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

export interface BackendProgress {
  /** 0…1. */
  readonly fraction: number;
  readonly step: number;
  readonly steps: number;
  readonly etaSeconds?: number;
  /** PNG of the picture so far, when there is a newer one than the last time. */
  readonly preview?: Buffer;
}

/** An inference engine beside the worker. One generation at a time: who calls sees to that. */
export interface Backend {
  /** Resolves once the engine has made a real, tiny picture; tries until then. */
  readonly waitUntilReady: (signal: AbortSignal) => Promise<void>;
  /**
   * Makes the images. Throws `TaskError`; aborting the signal stops the engine before the promise rejects with the
   * signal's reason, so that the next call finds it idle.
   */
  readonly infer: (request: TaskRequest, signal: AbortSignal) => Promise<readonly GeneratedImage[]>;
  /** How far the running generation is; undefined while there is nothing to tell. Never throws. */
  readonly progress: () => Promise<BackendProgress | undefined>;
}
