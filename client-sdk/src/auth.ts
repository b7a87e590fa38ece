import type { createAmplifyContext } from 'aws-amplify';
import { UnauthorizedError } from './errors.ts';

export interface TokenOptions {
  /** The last one was not accepted: a new one is needed, not one from a cache. */
  readonly forceRefresh: boolean;
}

/** One of the three ways in. Functions are asked anew for every call, so they can refresh what they hand out. */
export type Auth =
  | { readonly apiKey: string }
  /** A user pool's access token. */
  | { readonly token: (options: TokenOptions) => string | Promise<string> }
  /** Signs every call with Signature Version 4. */
  | { readonly credentials: () => AwsCredentials | Promise<AwsCredentials> };

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ConnectionOptions {
  /** URL of the GraphQL endpoint. */
  readonly endpoint: string;
  readonly auth: Auth;
  /** Read from the endpoint's name unless told; us-east-1 where that does not tell. */
  readonly region?: string;
}

/**
 * Amplify opens its socket with `wss:` where the endpoint begins with `http:`. The comparison is case-sensitive and a URL's
 * scheme is not, so this keeps a loopback endpoint on plain `ws:`.
 */
export const toAmplifyEndpoint = (endpoint: string): string =>
  endpoint.replace(/^http:(?=\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])/, 'HTTP:');

/** As AppSync's own names of endpoints tell it. */
export const regionOf = (endpoint: string): string | undefined =>
  /\.appsync-api\.([a-z0-9-]+)\./.exec(endpoint)?.[1];

type AmplifyConfig = Parameters<typeof createAmplifyContext>;

export interface CredentialsListener {
  /** Whether the last token was not accepted. */
  readonly isRefused: () => boolean;
  /** Told whenever a token or credentials were asked for: why there were none, or that there were. */
  readonly onObtained: (failure: UnauthorizedError | undefined) => void;
}

export const toAmplifyConfig = (
  { endpoint, auth, region }: ConnectionOptions,
  { isRefused, onObtained }: CredentialsListener,
): AmplifyConfig => {
  const graphql = {
    endpoint: toAmplifyEndpoint(endpoint),
    region: region ?? regionOf(endpoint) ?? 'us-east-1',
  };
  const obtain = async <T>(what: string, from: () => T | Promise<T>): Promise<T> => {
    try {
      const obtained = await from();
      onObtained(undefined);
      return obtained;
    } catch (cause) {
      // What the application's own function says is for whoever wrote it.
      const reason = cause instanceof Error ? cause.message : String(cause);
      const failure = new UnauthorizedError('UnauthorizedException', `There ${what} to be had: ${reason}`, {
        cause,
      });
      onObtained(failure);
      throw failure;
    }
  };
  if ('apiKey' in auth)
    return [{ API: { GraphQL: { ...graphql, defaultAuthMode: 'apiKey', apiKey: auth.apiKey } } }];
  if ('token' in auth) {
    const getTokens = async () => ({
      accessToken: toJwt(await obtain('is no token', () => auth.token({ forceRefresh: isRefused() }))),
    });
    return [
      { API: { GraphQL: { ...graphql, defaultAuthMode: 'userPool' } } },
      { Auth: { tokenProvider: { getTokens } } },
    ];
  }
  const credentialsProvider = {
    getCredentialsAndIdentityId: async () => ({
      credentials: await obtain('are no credentials', auth.credentials),
    }),
    clearCredentialsAndIdentityId: () => undefined,
  };
  return [{ API: { GraphQL: { ...graphql, defaultAuthMode: 'iam' } } }, { Auth: { credentialsProvider } }];
};

/** Amplify sends what `toString` gives; it has no need of the claims. */
const toJwt = (token: string) => ({ payload: {}, toString: () => token });
