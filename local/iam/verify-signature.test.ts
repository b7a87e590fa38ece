import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAccessKeys } from './access-keys.ts';
import type { AccessKey, SignedRequest } from './types.ts';
import { createSignatureVerifier } from './verify-signature.ts';

const keys = createAccessKeys();
const principal = (arn: string) => ({ arn, accountId: '111111111111', name: 'Worker', policies: [] });
const role = keys.issue(principal('arn:aws:sts::111111111111:assumed-role/Worker/i-1'));
const user = keys.issue(principal('arn:aws:iam::111111111111:user/ann'));
const NOW = Date.UTC(2026, 10, 24, 12);
const verify = createSignatureVerifier({ lookup: keys.lookup, clock: () => NOW });

/** Signs as the AWS SDK does. */
const sign = async (
  key: AccessKey,
  request: { method?: string; path?: string; query?: Record<string, string>; body?: string } = {},
  at = NOW,
  service = 'appsync',
): Promise<SignedRequest> => {
  const { method = 'POST', path = '/graphql', query = {}, body = '{}' } = request;
  const signer = new SignatureV4({
    service,
    region: 'us-east-1',
    credentials: key,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
  });
  const signed = await signer.sign(
    { method, protocol: 'http:', hostname: '127.0.0.1', path, query, headers: { host: '127.0.0.1:1' }, body },
    { signingDate: new Date(at) },
  );
  const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
  return {
    method,
    url: search ? `${path}?${search}` : path,
    headers: signed.headers,
    body: Buffer.from(body),
  };
};

describe('createSignatureVerifier', () => {
  it('tells who signed with the SDK’s own signer', async () => {
    for (const key of [role, user]) {
      const result = verify(await sign(key), { service: 'appsync' });
      expect(result).toMatchObject({ ok: true, key: { principal: key.principal }, region: 'us-east-1' });
    }
  });

  it('accepts whatever path, query and body the SDK signs', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        text,
        fc.constantFrom('s3', 'appsync'),
        async (name, value, body, service) => {
          const path = `/bucket/${encodeURIComponent(name)}`;
          const signed = await sign(user, { path, query: { a: value, b: name }, body }, NOW, service);
          expect(verify(signed, { service })).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('notices a body, path or signed header that was changed on the way', async () => {
    const signed = await sign(role);
    const forged: SignedRequest[] = [
      { ...signed, body: Buffer.from('{"a":1}') },
      { ...signed, url: '/graphql/connect' },
      { ...signed, headers: { ...signed.headers, host: 'elsewhere' } },
    ];
    for (const request of forged) {
      expect(verify(request, { service: 'appsync' })).toEqual({ ok: false, reason: 'mismatch' });
    }
  });

  it.each([
    ['unknown-key', () => sign({ ...user, accessKeyId: 'AKIAUNKNOWN' })],
    ['mismatch', () => sign({ ...user, secretAccessKey: 'guess' })],
    ['wrong-token', () => sign({ ...role, sessionToken: 'stale' })],
    ['expired', () => sign(user, {}, NOW - 6 * 60_000)],
    ['expired', () => sign(user, {}, NOW + 6 * 60_000)],
    ['malformed', () => sign(user, {}, NOW, 'execute-api')],
    ['missing', async () => ({ ...(await sign(user)), headers: {} })],
    [
      'malformed',
      async () => ({ ...(await sign(user)), headers: { authorization: 'AWS4-HMAC-SHA256 hello' } }),
    ],
  ])('refuses: %s', async (reason, request) => {
    expect(verify(await request(), { service: 'appsync' })).toEqual({ ok: false, reason });
  });
});
