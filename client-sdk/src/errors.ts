import type { Task } from './task.ts';

export interface ApiErrorOptions {
  /** Path of the offending field, e.g. `txt2img.width`. */
  readonly field?: string | undefined;
  readonly taskId?: string | undefined;
  readonly cause?: unknown;
}

/**
 * What the API refused, or why it could not be asked. `code` is the API's `errorType`: CONFLICT, NOT_FOUND, QUOTA_EXCEEDED,
 * INTERNAL, or that of one of the classes below; docs/protocol.md lists them.
 */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly code: string;
  readonly field: string | undefined;
  /** The task that the call was about, where there was one: also one whose submit was not answered. */
  readonly taskId: string | undefined;

  constructor(code: string, message: string, { field, taskId, cause }: ApiErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
    this.field = field;
    this.taskId = taskId;
  }

  /** Whether the same call, repeated, could end well. Every call of this client may be repeated. */
  get isRetryable(): boolean {
    return this.code === 'NETWORK' || this.code === 'INTERNAL';
  }
}

/** The input can't be carried out as it stands; `field` says where it is wrong. */
export class ValidationError extends ApiError {
  override readonly name = 'ValidationError';
  override readonly field: string;

  constructor(field: string, message: string, options: ApiErrorOptions = {}) {
    super('VALIDATION', message, options);
    this.field = field;
  }
}

/** The key, token or signature is not accepted, or not for this. */
export class UnauthorizedError extends ApiError {
  override readonly name = 'UnauthorizedError';
}

/** No answer came, after some tries: what was asked for may have been done. Asking again, with the same id, is safe. */
export class NetworkError extends ApiError {
  override readonly name = 'NetworkError';

  constructor(message: string, options: ApiErrorOptions = {}) {
    super('NETWORK', message, options);
  }
}

/** The client or the handle was closed before the task had ended; the task goes on. */
export class ClosedError extends ApiError {
  override readonly name = 'ClosedError';

  constructor(message: string, options: ApiErrorOptions = {}) {
    super('CLOSED', message, options);
  }
}

/** `run` was given less time than the task took. The task was canceled. */
export class RunTimeoutError extends Error {
  override readonly name = 'RunTimeoutError';
  readonly taskId: string;

  constructor(taskId: string, timeoutMs: number) {
    super(`The task had not ended after ${timeoutMs} ms, and was canceled.`);
    this.taskId = taskId;
  }
}

/** A task that ended without images. `code` is the task's error code, or its status where it has none. */
export class TaskError extends Error {
  override readonly name: string = 'TaskError';
  readonly code: string;
  /** Whether the same task, submitted anew, could end well. */
  readonly retryable: boolean;
  readonly taskId: string;
  readonly task: Task;

  constructor(task: Task) {
    super(task.error?.message ?? `The task ended as ${task.status}.`);
    this.code = task.error?.code ?? task.status;
    this.retryable = task.error?.retryable ?? false;
    this.taskId = task.id;
    this.task = task;
  }
}

/** It FAILED, or ended in a way that this version of the client does not know. */
export class TaskFailedError extends TaskError {
  override readonly name = 'TaskFailedError';
}

/** Somebody canceled it. */
export class TaskCanceledError extends TaskError {
  override readonly name = 'TaskCanceledError';
}

/** No worker took it in time. */
export class TaskExpiredError extends TaskError {
  override readonly name = 'TaskExpiredError';
}

/** Of a task that has ended otherwise than with images. */
export const toTaskError = (task: Task): TaskError => {
  if (task.status === 'CANCELED') return new TaskCanceledError(task);
  if (task.status === 'EXPIRED') return new TaskExpiredError(task);
  return new TaskFailedError(task);
};

interface GraphQLFailure {
  readonly message?: string;
  readonly errorType?: string | null;
  readonly errorInfo?: { readonly field?: string | null } | null;
  /** Set by Amplify where the answer was no GraphQL, or none came. */
  readonly originalError?: {
    readonly message?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  } | null;
}

const UNAUTHORIZED = new Set(['Unauthorized', 'UnauthorizedException', 'NotAuthorizedException']);

/** Amplify rejects with `{data, errors}`, and with errors of its own where no answer came. */
export const toApiError = (thrown: unknown, taskId?: string): ApiError => {
  if (thrown instanceof ApiError) return thrown;
  const options = { taskId, cause: thrown };
  const [first] = (thrown as { errors?: readonly GraphQLFailure[] } | undefined)?.errors ?? [];
  if (!first) return new NetworkError(thrown instanceof Error ? thrown.message : String(thrown), options);
  const { errorInfo, errorType, message = 'The API refused the call.' } = first;
  const code = errorType ?? toCode(first);
  const field = errorInfo?.field ?? undefined;
  if (code === 'VALIDATION') return new ValidationError(field ?? 'input', message, options);
  if (UNAUTHORIZED.has(code)) return new UnauthorizedError(code, message, options);
  if (code === 'NETWORK') return new NetworkError(message, options);
  return new ApiError(code, message, { ...options, field });
};

/** Of a failure that no resolver has named. AppSync's own 5xx comes as "Unknown error": only its status tells. */
const toCode = ({ message = '', originalError }: GraphQLFailure): string => {
  // Of a call, and of a subscription, whose refusal is told in its message alone.
  if (message === 'Unauthorized' || /^Connection failed: .*(Unauthorized|NotAuthorized)/s.test(message))
    return 'UnauthorizedException';
  if (!originalError) return 'BAD_REQUEST';
  const status = originalError.$metadata?.httpStatusCode;
  if (status === undefined) return 'NETWORK';
  return status >= 500 || status === 429 ? 'INTERNAL' : 'BAD_REQUEST';
};
