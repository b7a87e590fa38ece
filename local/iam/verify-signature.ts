import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessKey, SignatureFailure, SignatureResult, SignedRequest } from './types.ts';

/*
 * Signature Version 4 from the server's side (IAM user guide, "Create a signed AWS API request"). The SDK's signer signs
 * requests but can't check one whose set of signed headers somebody else chose, hence this file.
 */

export interface SignatureVerifierOptions {
  readonly lookup: (accessKeyId: string) => AccessKey | undefined;
  /** Milliseconds since 1970; the system's unless told. */
  readonly clock?: () => number;
  /** How far a request's date may be off; AWS allows 5 minutes. */
  readonly maxSkewMs?: number;
}

export type VerifySignature = (
  request: SignedRequest,
  options: { readonly service: string },
) => SignatureResult;

interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** `YYYYMMDD'T'HHMMSS'Z'`. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly token: string | undefined;
  /** Of a presigned URL. */
  readonly expiresInSeconds?: number;
}

export const createSignatureVerifier = (options: SignatureVerifierOptions): VerifySignature => {
  const { lookup, clock = Date.now, maxSkewMs = 5 * 60_000 } = options;
  return (request, { service }) => {
    const claim = readClaim(request);
    if (typeof claim === 'string') return fail(claim);
    if (claim.service !== service) return fail('malformed');
    const key = lookup(claim.accessKeyId);
    if (!key) return fail('unknown-key');
    if (key.sessionToken !== claim.token) return fail('wrong-token');
    const ageMs = clock() - toMs(claim.timestamp);
    const latest = claim.expiresInSeconds === undefined ? maxSkewMs : claim.expiresInSeconds * 1000;
    // NaN, of a timestamp that is none, must not pass either.
    if (!(ageMs >= -maxSkewMs && ageMs <= latest)) return fail('expired');
    const expected = sign(key.secretAccessKey, claim, toCanonicalRequest(request, claim));
    return isEqual(expected, claim.signature)
      ? { ok: true, key, service, region: claim.region }
      : fail('mismatch');
  };
};

const fail = (reason: SignatureFailure): SignatureResult => ({ ok: false, reason });

const toMs = (timestamp: string): number =>
  Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

const isEqual = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));

const readClaim = (request: SignedRequest): Claim | SignatureFailure => {
  const { authorization } = request.headers;
  if (authorization !== undefined) return readHeader(authorization, request);
  const query = new URL(request.url, 'http://host').searchParams;
  return query.has('X-Amz-Signature') ? readQuery(query) : 'missing';
};

const readHeader = (authorization: string, request: SignedRequest): Claim | SignatureFailure => {
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const timestamp = request.headers['x-amz-date'];
  if (!match || timestamp === undefined) return 'malformed';
  const [, credential = '', headers = '', signature = ''] = match;
  return toClaim(credential, headers, signature, timestamp, request.headers['x-amz-security-token']);
};

const readQuery = (query: URLSearchParams): Claim | SignatureFailure => {
  const expires = Number(query.get('X-Amz-Expires'));
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return 'malformed';
  if (!Number.isInteger(expires) || expires < 1 || expires > 604_800) return 'malformed';
  const claim = toClaim(
    query.get('X-Amz-Credential') ?? '',
    query.get('X-Amz-SignedHeaders') ?? '',
    query.get('X-Amz-Signature') ?? '',
    query.get('X-Amz-Date') ?? '',
    query.get('X-Amz-Security-Token') ?? undefined,
  );
  return typeof claim === 'string' ? claim : { ...claim, expiresInSeconds: expires };
};

const toClaim = (
  credential: string,
  headers: string,
  signature: string,
  timestamp: string,
  token: string | undefined,
): Claim | SignatureFailure => {
  const [accessKeyId, date, region, service, end] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || end !== 'aws4_request') return 'malformed';
  if (!timestamp.startsWith(date)) return 'malformed';
  return {
    accessKeyId,
    date,
    region,
    service,
    timestamp,
    signedHeaders: headers.split(';'),
    signature,
    token,
  };
};

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** The key that signs on one day for one region and service; also what a presigned POST's policy is signed with. */
export const toSigningKey = (secret: string, date: string, region: string, service: string): Buffer =>
  [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, date));

const sign = (secret: string, claim: Claim, canonicalRequest: string): string => {
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', claim.timestamp, scope, sha256(canonicalRequest)].join('\n');
  return hmac(toSigningKey(secret, claim.date, claim.region, claim.service), text).toString('hex');
};

const toCanonicalRequest = (request: SignedRequest, claim: Claim): string => {
  const [path = '/', search = ''] = request.url.split('?');
  const headers = claim.signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`,
  );
  return [
    request.method,
    toCanonicalPath(path, claim.service),
    toCanonicalQuery(search),
    headers.join(''),
    claim.signedHeaders.join(';'),
    payloadHash(request, claim),
  ].join('\n');
};

const payloadHash = ({ headers, body }: SignedRequest, claim: Claim): string => {
  // S3 signs what this header says, which may be that the body is not signed.
  if (claim.service === 's3') {
    return headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  }
  return body instanceof Uint8Array ? sha256(body) : body.sha256;
};

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** S3 signs the path as it is on the wire, every other service encodes it once more. */
const toCanonicalPath = (path: string, service: string): string =>
  service === 's3' ? path : path.split('/').map(encode).join('/');

const toCanonicalQuery = (search: string): string =>
  [...new URLSearchParams(search.replaceAll('+', '%2B'))]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
