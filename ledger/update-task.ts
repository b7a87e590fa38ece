import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RefusalCode, RefusalInfo } from '../contract/errors.ts';
import type { Task, UpdateTaskInput } from '../contract/schema.generated.ts';

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

export interface LedgerOptions {
  readonly graphqlUrl: string;
  readonly region: string;
  readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
  /** How long one call may take; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/**
 * Subscribers receive just those fields that the mutating caller selected, so every call selects all of them
 * (AppSync developer guide, aws-appsync-real-time-data). A test holds this against the schema.
 */
export const TASK_FIELDS = `
  id owner retryOf kind status isTerminal version attempt failures
  createdAt updatedAt startedAt finishedAt startBy deadlineAt
  progress { fraction step steps etaSeconds previewUrl }
  images { url contentType width height bytes sha256 seed infotext }
  error { code message retryable }
  inferenceMs storeMs
`;

const DOCUMENT = `mutation UpdateTask($input: UpdateTaskInput!) { updateTask(input: $input) { ${TASK_FIELDS} } }`;

/** A claim's answer brings the request. No other event does: it may hold a prompt, and rides in what is pushed. */
const CLAIM_DOCUMENT = DOCUMENT.replace('inferenceMs', 'request inferenceMs');

/** The client of the internal mutation, signed with the caller's own role. */
export const createLedger = (options: LedgerOptions): Ledger => {
  const { graphqlUrl, region, credentials, timeoutMs = 10_000, fetch: send = fetch } = options;
  const signer = new SignatureV4({ service: 'appsync', region, credentials, sha256: Sha256 });

  const post = async (body: string, signal: AbortSignal | undefined): Promise<Response> => {
    const url = new URL(graphqlUrl);
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
    });
    const timeout = AbortSignal.timeout(timeoutMs);
    return send(url, {
      method: 'POST',
      headers: signed.headers,
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  };

  return {
    tell: async (input, signal) => {
      const claims = input.event === 'claim' || input.event === 'takeover';
      const query = claims ? CLAIM_DOCUMENT : DOCUMENT;
      try {
        const response = await post(JSON.stringify({ query, variables: { input } }), signal);
        return toVerdict(response.status, await response.json());
      } catch (error) {
        if (error instanceof LedgerUnavailableError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new LedgerUnavailableError(`${input.event} got no answer: ${reason}`, { cause: error });
      }
    },
  };
};

interface Answer {
  readonly data?: { readonly updateTask?: Task | null } | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly errorType?: string | null;
    readonly errorInfo?: RefusalInfo | null;
    readonly path?: readonly (string | number)[] | null;
  }[];
}

const REFUSALS = new Set<string>([
  'NOT_FOUND',
  'LEASE_LOST',
  'TERMINAL',
  'NOT_ALLOWED',
] satisfies RefusalCode[]);

const isRefusal = (code: string | null | undefined): code is RefusalCode =>
  code !== null && code !== undefined && REFUSALS.has(code);

/** Only an explicit refusal is one: everything else that is not a task leaves the outcome open. */
const toVerdict = (status: number, answer: unknown): Verdict => {
  const { data, errors = [] } = (answer ?? {}) as Answer;
  if (data?.updateTask) return { accepted: true, task: data.updateTask };
  for (const { errorType, errorInfo, message } of errors) {
    if (isRefusal(errorType)) {
      return { accepted: false, code: errorType, message, ...(errorInfo && { info: errorInfo }) };
    }
  }
  throw new LedgerUnavailableError(`HTTP ${status}: ${errors[0]?.message ?? 'neither a task nor an error'}`);
};
