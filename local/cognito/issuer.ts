import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IssuerOptions {
  readonly region: string;
  readonly userPoolId: string;
  readonly clientId: string;
  /** Milliseconds since 1970; the system's unless told. */
  readonly clock?: () => number;
  /** Keeps the signing key in this folder, so that tokens outlive a restart. */
  readonly dataDir?: string;
}

export interface Issuer {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  readonly jwks: { readonly keys: readonly JWK[] };
  /** An access token, as a user pool makes them (Cognito developer guide, "Understanding the access token"). */
  readonly token: (user: TokenOptions) => Promise<string>;
}

export interface TokenOptions {
  readonly sub: string;
  readonly groups?: readonly string[];
  /** 3600 unless told. */
  readonly expiresInSeconds?: number;
}

const ALGORITHM = 'RS256';

/** The user pool as far as AppSync knows it: an issuer of tokens and its public keys. */
export const createIssuer = async (options: IssuerOptions): Promise<Issuer> => {
  const { region, userPoolId, clientId, clock = Date.now, dataDir } = options;
  const privateJwk = await loadKey(dataDir);
  const key = await importJWK(privateJwk, ALGORITHM);
  const { kty, n, e, kid } = privateJwk;
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
  return {
    issuer,
    jwks: { keys: [{ kty, n, e, kid, alg: ALGORITHM, use: 'sig' } as JWK] },
    token: ({ sub, groups, expiresInSeconds = 3600 }) => {
      const now = Math.floor(clock() / 1000);
      const claims = {
        token_use: 'access',
        client_id: clientId,
        username: sub,
        scope: 'aws.cognito.signin.user.admin',
        ...(groups && groups.length > 0 && { 'cognito:groups': groups }),
      };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, ...(kid !== undefined && { kid }) })
        .setIssuer(issuer)
        .setSubject(sub)
        .setIssuedAt(now)
        .setExpirationTime(now + expiresInSeconds)
        .setJti(randomUUID())
        .sign(key);
    },
  };
};

const loadKey = async (dataDir: string | undefined): Promise<JWK> => {
  const file = dataDir === undefined ? undefined : join(dataDir, 'user-pool-key.json');
  if (file !== undefined) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as JWK;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: randomUUID() };
  if (dataDir !== undefined && file !== undefined) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, JSON.stringify(jwk), { mode: 0o600 });
  }
  return jwk;
};
