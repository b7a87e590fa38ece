import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

export interface GraphqlOptions {
  readonly graphqlUrl: string;
  readonly region: string;
  readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
  /** How long one call may take; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

export interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly errorType?: string | null;
    readonly errorInfo?: unknown;
    readonly path?: readonly (string | number)[] | null;
  }[];
}

/** Sends one operation. Rejects when no JSON came back, for whatever reason. */
export type GraphqlPost = (
  query: string,
  variables: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
) => Promise<{ readonly status: number; readonly answer: GraphqlAnswer }>;

/** A client of the API's internal fields, signed with the caller's own role. */
export const createGraphqlPost = (options: GraphqlOptions): GraphqlPost => {
  const { graphqlUrl, region, credentials, timeoutMs = 10_000, fetch: send = fetch } = options;
  const signer = new SignatureV4({ service: 'appsync', region, credentials, sha256: Sha256 });

  return async (query, variables, signal) => {
    const url = new URL(graphqlUrl);
    const body = JSON.stringify({ query, variables });
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
    });
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await send(url, {
      method: 'POST',
      headers: signed.headers,
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const answer = (await response.json()) as GraphqlAnswer | null;
    return { status: response.status, answer: answer ?? {} };
  };
};
