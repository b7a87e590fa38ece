/** Lease of a running task: renewed every `BEAT_INTERVAL_SECONDS`, lost to a takeover when it lapses. */
export const LEASE_SECONDS = 30;
export const BEAT_INTERVAL_SECONDS = 10;
/** Visibility of a message in work; extended together with the lease. */
export const VISIBILITY_SECONDS = 60;
/** And of one that was received, until its task is claimed and beats: a worker that dies before costs the task that long. */
export const RECEIVED_VISIBILITY_SECONDS = 30;
/** A message that was received this often goes to the dead-letter queue: more than all attempts and releases together. */
export const MAX_RECEIVE_COUNT = 30;

export const MAX_ATTEMPTS = 3;
export const MAX_RELEASES = 20;

/** From submit to the first claim, and from submit to the end, unless the submit says otherwise. */
export const START_WITHIN_SECONDS = { default: 6 * 3600, min: 1, max: 24 * 3600 } as const;
export const FINISH_WITHIN_SECONDS = { default: 12 * 3600, min: 1, max: 24 * 3600 } as const;
/** How long a finished task and its images stay. */
export const RETENTION_DAYS = 7;

/** The reconciler rings again when a message was not confirmed for this long … */
export const DISPATCH_GRACE_SECONDS = 30;
/** … and when a task waits longer than that: SQS can't be asked whether a message exists. Doubles up to the second. */
export const RING_SECONDS = { first: 15 * 60, longest: 60 * 60 } as const;

/** Tasks of one owner that have not ended, unless the deployment says otherwise. */
export const MAX_ACTIVE_TASKS_PER_OWNER = 100;

/** A larger request lives in S3: rows are read often and billed by the kilobyte. */
export const INLINE_REQUEST_BYTES = 4096;
/** Lambda takes 6 MB and AppSync no more than that; a decoded input image is a quarter smaller than its base64. */
export const REQUEST_BYTES = 5_000_000;

/** One uploaded image; its base64 is what a WebUI is sent. The form is good for so long, the object for a day. */
export const UPLOAD = { bytes: { min: 1, max: 10_000_000 }, formSeconds: 15 * 60, retentionDays: 1 } as const;

/** What one task may ask for. Beyond these the GPU time of one task stops being bounded. */
export const REQUEST_LIMITS = {
  promptCharacters: 2000,
  steps: { min: 1, max: 150 },
  cfgScale: { min: 1, max: 30 },
  side: { min: 64, max: 2048, multipleOf: 8 },
  /** Of one image, after a hires pass too. */
  pixels: 4_194_304,
  batchSize: { min: 1, max: 4 },
  seed: { min: 0, max: 4_294_967_295 },
  clipSkip: { min: 1, max: 12 },
  hiresScale: { min: 1, max: 4 },
  upscale: { min: 1, max: 4 },
  /** Pixels, as the WebUI's sliders have them. */
  maskBlur: { min: 0, max: 64 },
  inpaintPadding: { min: 0, max: 256 },
  nameCharacters: 200,
} as const;

export const TASKS_PAGE = { default: 20, max: 100 } as const;
