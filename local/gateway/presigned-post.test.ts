import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccessKeys } from '../iam/access-keys.ts';
import { createSignatureVerifier } from '../iam/verify-signature.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { createPostVerifier } from './presigned-post.ts';

/* Forms signed by the real SDK, posted as a browser does. */

const keys = createAccessKeys();
const principal = { accountId: '111111111111', name: 'role', policies: [] };
const rootKey = keys.issue({ ...principal, arn: 'arn:aws:iam::111111111111:user/root' });
const roleKey = keys.issue({ ...principal, arn: 'arn:aws:sts::111111111111:assumed-role/role/session' });
const calls: string[] = [];
let now = Date.now();
let gateway: Gateway;
let s3: S3Client;

const Bucket = 'uploads';

beforeAll(async () => {
  gateway = await startGateway({
    verifySignature: createSignatureVerifier({ lookup: keys.lookup }),
    verifyPost: createPostVerifier({ lookup: keys.lookup, clock: () => now }),
    corsOf: (bucket) =>
      bucket === Bucket ? [{ AllowedMethods: ['POST'], AllowedOrigins: ['*'], AllowedHeaders: ['*'] }] : [],
    rootKey,
    region: 'us-east-1',
    onCall: (_principal, call) => void calls.push(call),
  });
  s3 = new S3Client({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: roleKey,
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  s3.destroy();
  await gateway.stop();
});

const sign = (options: Partial<PresignedPostOptions> = {}) =>
  createPresignedPost(s3, {
    Bucket,
    Key: 'uploads/ann/1',
    Fields: { 'Content-Type': 'image/png' },
    Conditions: [['content-length-range', 4, 8]],
    Expires: 60,
    ...options,
  });

type Form = Awaited<ReturnType<typeof sign>>;

const post = async ({ url, fields }: Form, changes: Record<string, string> = {}, file = 'bytes') => {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) form.append(name, value);
  form.append('file', new Blob([file], { type: 'text/html' }), 'picture.png');
  const response = await fetch(url, {
    method: 'POST',
    body: form,
    headers: { origin: 'http://app.example' },
  });
  const code = /<Code>(.*)<\/Code>/.exec(await response.text())?.[1];
  return { status: response.status, code, cors: response.headers.get('access-control-allow-origin') };
};

describe('a presigned POST', () => {
  it('stores the file under the key and type that were signed', async () => {
    expect(await post(await sign())).toEqual({ status: 204, code: undefined, cors: '*' });
    const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key: 'uploads/ann/1' }));
    expect([await Body?.transformToString(), ContentType]).toEqual(['bytes', 'image/png']);
    expect(calls).toContain('S3.PostObject');
  });

  it.each<[string, Record<string, string>, string, number, string]>([
    ['another key', { key: 'uploads/bob/1' }, 'bytes', 403, 'AccessDenied'],
    ['another type', { 'Content-Type': 'text/html' }, 'bytes', 403, 'AccessDenied'],
    ['a field that was not signed', { acl: 'public-read' }, 'bytes', 403, 'AccessDenied'],
    ['too much', {}, 'nine bytes', 400, 'EntityTooLarge'],
    ['too little', {}, 'two', 400, 'EntityTooSmall'],
    ['another signature', { 'X-Amz-Signature': '0'.repeat(64) }, 'bytes', 403, 'SignatureDoesNotMatch'],
    ['another policy', { Policy: btoa('{}') }, 'bytes', 403, 'SignatureDoesNotMatch'],
    [
      'an unknown key',
      { 'X-Amz-Credential': 'AKIAX/20260101/us-east-1/s3/aws4_request' },
      'bytes',
      403,
      'InvalidAccessKeyId',
    ],
    ['another session', { 'X-Amz-Security-Token': 'x' }, 'bytes', 400, 'InvalidToken'],
  ])('is refused with %s', async (_name, changes, file, status, code) => {
    expect(await post(await sign(), changes, file)).toMatchObject({ status, code });
  });

  it('is refused once it has expired', async () => {
    const form = await sign();
    now += 61_000;
    expect(await post(form)).toMatchObject({ status: 403, code: 'AccessDenied' });
    now -= 61_000;
  });

  it('is refused without a policy, and for another bucket', async () => {
    const { url, fields } = await sign();
    expect(await post({ url, fields: { key: 'x' } })).toMatchObject({ status: 403, code: 'AccessDenied' });
    const elsewhere = url.replace('/uploads', '/requests');
    expect(await post({ url: elsewhere, fields })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it('heeds a prefix', async () => {
    const form = await sign({
      Key: 'uploads/ann/${filename}',
      Conditions: [['starts-with', '$key', 'uploads/ann/']],
    });
    expect(await post(form, { key: 'uploads/ann/2' })).toMatchObject({ status: 204 });
    expect(await post(form, { key: 'uploads/bob/2' })).toMatchObject({ status: 403 });
  });
});

describe('a preflight', () => {
  const ask = (bucket: string) =>
    fetch(`${gateway.url}/${bucket}`, {
      method: 'OPTIONS',
      headers: { origin: 'http://app.example', 'access-control-request-method': 'POST' },
    });

  it("is answered by the bucket's rules", async () => {
    const allowed = await ask(Bucket);
    expect([allowed.status, allowed.headers.get('access-control-allow-methods')]).toEqual([200, 'POST']);
    expect((await ask('images')).status).toBe(403);
  });
});
