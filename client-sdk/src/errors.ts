import type { TaskFieldsFragment } from './operations.generated.ts';

/**
 * What the API refused, or why it could not be asked. `code` is the API's `errorType`: VALIDATION (with `field`), CONFLICT,
 * NOT_FOUND, INTERNAL, Unauthorized, UnauthorizedException. NETWORK where no answer came, CLOSED where nobody
 * waits for one any more.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  /** Path of the offending field, e.g. `txt2img.width`. */
  readonly field: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { readonly field?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }

  /** Whether the same call, repeated, could end well. Every call of this client may be repeated. */
  get isRetryable(): boolean {
    return this.code === 'NETWORK' || this.code === 'INTERNAL';
  }
}

/** A task that ended without images: FAILED, CANCELED or EXPIRED. `code` is the task's error code, or its status. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
  readonly code: string;
  readonly task: TaskFieldsFragment;

  constructor(task: TaskFieldsFragment) {
    super(task.error?.message ?? `The task ended as ${task.status}.`);
    this.code = task.error?.code ?? task.status;
    this.task = task;
  }
}

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

/** Amplify rejects with `{data, errors}`, and with errors of its own where no answer came. */
export const toApiError = (thrown: unknown): ApiError => {
  if (thrown instanceof ApiError) return thrown;
  const [first] = (thrown as { errors?: readonly GraphQLFailure[] } | undefined)?.errors ?? [];
  if (!first)
    return new ApiError('NETWORK', thrown instanceof Error ? thrown.message : String(thrown), {
      cause: thrown,
    });
  const { errorInfo, errorType, message = 'The API refused the call.' } = first;
  const field = errorInfo?.field;
  const code = errorType ?? toCode(first);
  return new ApiError(code, message, { cause: thrown, ...(typeof field === 'string' && { field }) });
};

/** Of a failure that no resolver has named. AppSync's own 5xx comes as "Unknown error": only its status tells. */
const toCode = ({ message, originalError }: GraphQLFailure): string => {
  if (message === 'Unauthorized') return 'UnauthorizedException';
  if (!originalError) return 'BAD_REQUEST';
  const status = originalError.$metadata?.httpStatusCode;
  if (status === undefined) return 'NETWORK';
  return status >= 500 || status === 429 ? 'INTERNAL' : 'BAD_REQUEST';
};
