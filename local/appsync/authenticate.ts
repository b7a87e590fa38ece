import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { SignatureFailure } from '../iam/types.ts';
import type { VerifySignature } from '../iam/verify-signature.ts';
import type { ApiDefinition, Caller, UserPool } from './types.ts';

/** Credentials and what they cover, from an HTTP request, a realtime handshake or a `start` frame. */
export interface Credentials {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What a signature covers: the path of the GraphQL endpoint, or its `/connect`. */
  readonly path: string;
  readonly body: string;
}

/** Why a caller was turned away, in AppSync's words; `status` is that of an HTTP answer. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly errorType: string;
  readonly message: string;
}

export type Authentication =
  { readonly ok: true; readonly caller: Caller } | { readonly ok: false; readonly refusal: Refusal };

export type Authenticate = (credentials: Credentials) => Promise<Authentication>;

export interface AuthenticateOptions {
  readonly definition: ApiDefinition;
  readonly verifySignature: VerifySignature;
  readonly clock: () => number;
}

const SOURCE_IP = ['127.0.0.1'];

/** Tells who calls, by the kind of credentials: a signature, an API key, a user pool's token. */
export const createAuthenticate = ({
  definition,
  verifySignature,
  clock,
}: AuthenticateOptions): Authenticate => {
  const modes = new Set([definition.defaultAuth, ...definition.additionalAuth]);

  const bySignature = ({ headers, path, body }: Credentials): Authentication => {
    const url = path;
    const result = verifySignature(
      { method: 'POST', url, headers, body: Buffer.from(body) },
      { service: 'appsync' },
    );
    if (!result.ok) return refuse(403, ...SIGNATURE_REFUSALS[result.reason]);
    const { principal } = result.key;
    const identity = {
      accountId: principal.accountId,
      cognitoIdentityPoolId: null,
      cognitoIdentityId: null,
      cognitoIdentityAuthType: null,
      cognitoIdentityAuthProvider: null,
      sourceIp: SOURCE_IP,
      username: principal.name,
      userArn: principal.arn,
    };
    return { ok: true, caller: { mode: 'AWS_IAM', identity, groups: [], principal } };
  };

  const byApiKey = (key: string): Authentication => {
    const known = definition.apiKeys.find((entry) => entry.key === key);
    if (!known || known.expiresAtMs <= clock()) return unauthorized();
    return { ok: true, caller: { mode: 'API_KEY', identity: null, groups: [] } };
  };

  const byToken = async (token: string): Promise<Authentication> => {
    const issuer = issuerOf(token);
    if (issuer === undefined) return unauthorized('Unable to parse JWT token.');
    const pool = definition.userPools.find((candidate) => candidate.issuer === issuer);
    if (!pool) return unauthorized();
    try {
      const claims = await verifyToken(token, pool, clock);
      const groups = (claims['cognito:groups'] ?? []) as string[];
      const identity = {
        sub: claims.sub,
        issuer,
        username: claims.username ?? claims['cognito:username'],
        claims,
        sourceIp: SOURCE_IP,
        defaultAuthStrategy: 'ALLOW',
        groups: groups.length > 0 ? groups : null,
      };
      return { ok: true, caller: { mode: 'AMAZON_COGNITO_USER_POOLS', identity, groups } };
    } catch (error) {
      return unauthorized(error instanceof errors.JWTExpired ? 'Token has expired.' : undefined);
    }
  };

  return async (credentials) => {
    const { authorization, 'x-api-key': apiKey } = credentials.headers;
    if (authorization?.startsWith('AWS4-HMAC-SHA256'))
      return modes.has('AWS_IAM') ? bySignature(credentials) : unauthorized();
    if (apiKey !== undefined) return byApiKey(apiKey);
    if (authorization === undefined) return unauthorized('Missing authorization header');
    const token = authorization.replace(/^Bearer /, '');
    if (token.split('.').length !== 3) return unauthorized('Valid authorization header not provided.');
    return byToken(token);
  };
};

const verifyToken = async (token: string, pool: UserPool, clock: () => number): Promise<JWTPayload> => {
  const { payload } = await jwtVerify(token, createLocalJWKSet(pool.jwks as JSONWebKeySet), {
    issuer: pool.issuer,
    algorithms: ['RS256'],
    requiredClaims: ['exp', 'sub', 'token_use'],
    currentDate: new Date(clock()),
  });
  const client = String(payload.client_id ?? payload.aud);
  if (pool.appClientIdRegex !== undefined && !new RegExp(pool.appClientIdRegex).test(client)) {
    throw new errors.JWTClaimValidationFailed('unexpected client', payload, 'client_id');
  }
  return payload;
};

const issuerOf = (token: string): string | undefined => {
  try {
    return decodeJwt(token).iss ?? '';
  } catch {
    return undefined;
  }
};

const refuse = (status: 401 | 403, errorType: string, message: string): Authentication => ({
  ok: false,
  refusal: { status, errorType, message },
});

const unauthorized = (message = 'You are not authorized to make this call.'): Authentication =>
  refuse(401, 'UnauthorizedException', message);

const UNKNOWN = [
  'UnrecognizedClientException',
  'The security token included in the request is invalid.',
] as const;

/** The first is documented in client reports; the others are worded as other AWS services do. Unverified. */
const SIGNATURE_REFUSALS: Readonly<Record<SignatureFailure, readonly [string, string]>> = {
  'unknown-key': UNKNOWN,
  'wrong-token': UNKNOWN,
  missing: ['MissingAuthenticationTokenException', 'Missing Authentication Token'],
  malformed: [
    'IncompleteSignatureException',
    'The Authorization header is not a complete Signature Version 4 for appsync.',
  ],
  expired: ['InvalidSignatureException', 'Signature expired: the request is too old, or the clock is wrong.'],
  mismatch: [
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
  ],
};
