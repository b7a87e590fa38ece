/** What a client of the API can be told, as `errorType`. */
export type ApiErrorCode = 'VALIDATION' | 'CONFLICT' | 'NOT_FOUND' | 'QUOTA_EXCEEDED' | 'INTERNAL';

/** Why `updateTask` refused an event, as `errorType`; `errorInfo` holds `RefusalInfo`. */
export type RefusalCode = 'NOT_FOUND' | 'LEASE_LOST' | 'TERMINAL' | 'NOT_ALLOWED';

/** The row's state at the moment of a refusal. */
export interface RefusalInfo {
  readonly status: string;
  readonly attempt: number;
  readonly version: number;
  /** Milliseconds until the current lease ends and until the task is due; 0 = now. */
  readonly leaseRemainingMs: number;
  readonly dueInMs: number;
}

/**
 * Why a task failed, and whether another attempt could end differently. A fault of the infrastructure is worth another
 * try, a fault of the request never is.
 */
export const FAILURE_CODES = {
  /** The request can't be carried out as it stands: the WebUI refused it, or it asks for what no worker can do. */
  INVALID_REQUEST: { retryable: false },
  UNKNOWN_MODEL: { retryable: false },
  /** The GPU's memory does not hold this size. */
  OUT_OF_MEMORY: { retryable: true },
  /** The model produced NaNs. */
  NAN_PRODUCED: { retryable: true },
  /** The GPU is lost to the process: every later job would fail as well. */
  GPU_LOST: { retryable: true },
  WEBUI_ERROR: { retryable: true },
  WEBUI_UNREACHABLE: { retryable: true },
  /** The WebUI said yes and sent something that is not the picture asked for. */
  BAD_RESULT: { retryable: true },
  EXECUTION_TIMEOUT: { retryable: true },
  /** The picture could not be written to S3, or the request not be read from it. */
  STORAGE_ERROR: { retryable: true },
  /** Something in the worker that nobody foresaw. */
  WORKER_ERROR: { retryable: true },
  /** The worker vanished in the last attempt allowed. */
  WORKER_LOST: { retryable: true },
  /** Nobody took the task before `startBy`. */
  START_EXPIRED: { retryable: true },
  DEADLINE_EXCEEDED: { retryable: true },
  /** The message came back too often and landed in the dead-letter queue. */
  UNDELIVERABLE: { retryable: true },
} as const satisfies Record<string, { readonly retryable: boolean }>;

export type FailureCode = keyof typeof FAILURE_CODES;

/** A failure as a row keeps it. */
export const toFailure = (
  code: FailureCode,
  message: string,
): { readonly code: FailureCode; readonly message: string; readonly retryable: boolean } => ({
  code,
  message,
  retryable: FAILURE_CODES[code].retryable,
});

/** An error that carries its decision: made by whoever knows, never guessed again further up. */
export class TaskError extends Error {
  readonly code: FailureCode;
  readonly retryable: boolean;

  constructor(code: FailureCode, message: string, options?: { cause?: unknown; retryable?: boolean }) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'TaskError';
    this.code = code;
    this.retryable = options?.retryable ?? FAILURE_CODES[code].retryable;
  }
}

/** Converts whatever was thrown, once, at the boundary. */
export const toTaskError = (thrown: unknown, code: FailureCode = 'WORKER_ERROR'): TaskError =>
  thrown instanceof TaskError
    ? thrown
    : new TaskError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
