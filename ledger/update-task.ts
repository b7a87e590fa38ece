import type { RefusalCode, RefusalInfo } from '../contract/errors.ts';
import type { Task, UpdateTaskInput } from '../contract/schema.generated.ts';
import { createGraphqlPost, type GraphqlAnswer, type GraphqlOptions } from './graphql-post.ts';

/** What `updateTask` says of an event: the task as it is now, or why the event does not apply. */
export type Verdict =
  | { readonly accepted: true; readonly task: Task }
  | {
      readonly accepted: false;
      readonly code: RefusalCode;
      readonly message: string;
      /** Absent with NOT_FOUND. */
      readonly info?: RefusalInfo;
    };

export interface Ledger {
  /**
   * Tells one event. Throws `LedgerUnavailableError` when no verdict was heard: the event may have been applied or not,
   * and telling it again is safe.
   */
  readonly tell: (event: UpdateTaskInput, signal?: AbortSignal) => Promise<Verdict>;
}

/** No verdict: AppSync was out of reach, too slow, failing, or did not accept our signature. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';
}

/**
 * Subscribers receive just those fields that the mutating caller selected, so every call selects all of them
 * (AppSync developer guide, aws-appsync-real-time-data). A test holds this against the schema.
 */
export const TASK_FIELDS = `
  id owner retryOf kind status isTerminal version attempt failures
  createdAt updatedAt startedAt finishedAt startBy deadlineAt
  progress { fraction step steps etaSeconds previewUrl }
  estimate { queuePosition startsAt eta }
  images { url contentType width height bytes sha256 seed infotext }
  error { code message retryable }
  inferenceMs storeMs
`;

const DOCUMENT = `mutation UpdateTask($input: UpdateTaskInput!) { updateTask(input: $input) { ${TASK_FIELDS} } }`;

/** A claim's answer brings the request. No other event does: it may hold a prompt, and rides in what is pushed. */
const CLAIM_DOCUMENT = DOCUMENT.replace('inferenceMs', 'request inferenceMs');

/** The client of the internal mutation. */
export const createLedger = (options: GraphqlOptions): Ledger => {
  const post = createGraphqlPost(options);
  return {
    tell: async (input, signal) => {
      const claims = input.event === 'claim' || input.event === 'takeover';
      try {
        const { status, answer } = await post(claims ? CLAIM_DOCUMENT : DOCUMENT, { input }, signal);
        return toVerdict(status, answer);
      } catch (error) {
        throw toUnavailable(input.event, error);
      }
    },
  };
};

/** What was thrown, as the absence of a verdict; `what` was to be told. */
export const toUnavailable = (what: string, error: unknown): LedgerUnavailableError => {
  if (error instanceof LedgerUnavailableError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new LedgerUnavailableError(`${what} got no answer: ${reason}`, { cause: error });
};

const REFUSALS = new Set<string>([
  'NOT_FOUND',
  'LEASE_LOST',
  'TERMINAL',
  'NOT_ALLOWED',
] satisfies RefusalCode[]);

const isRefusal = (code: string | null | undefined): code is RefusalCode =>
  code !== null && code !== undefined && REFUSALS.has(code);

/** Only an explicit refusal is one: everything else that is not a task leaves the outcome open. */
const toVerdict = (status: number, { data, errors = [] }: GraphqlAnswer): Verdict => {
  if (data?.updateTask) return { accepted: true, task: data.updateTask as Task };
  for (const { errorType, errorInfo, message } of errors) {
    if (isRefusal(errorType)) {
      const info = errorInfo as RefusalInfo | null | undefined;
      return { accepted: false, code: errorType, message, ...(info && { info }) };
    }
  }
  throw new LedgerUnavailableError(`HTTP ${status}: ${errors[0]?.message ?? 'neither a task nor an error'}`);
};
