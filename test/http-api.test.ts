import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { generateKeyPair, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AccessKey } from '../local/iam/types.ts';
import { post, SUBMIT, useStack } from './helpers/stack.ts';

/* AppSync's endpoint as HTTP sees it: who is let in, what is answered. No worker runs. */

const stackOf = useStack({ instances: 0 });

const TASKS = { query: '{ tasks { items { id } } }' };

interface SignOptions {
  readonly key: AccessKey;
  readonly body: string;
  readonly at?: Date;
  readonly service?: string;
}

const sign = async ({ key, body, at = new Date(), service = 'appsync' }: SignOptions) => {
  const url = new URL(stackOf().urls.graphql);
  const signer = new SignatureV4({ service, region: stackOf().region, credentials: key, sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
    },
    { signingDate: at },
  );
  return headers;
};

const forge = async (
  claims: object,
  options: { issuer?: string; expiresAt?: string } = {},
): Promise<string> => {
  const { privateKey } = await generateKeyPair('RS256');
  return new SignJWT({ token_use: 'access', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'x' })
    .setSubject('ann')
    .setIssuer(options.issuer ?? 'https://example.com')
    .setExpirationTime(options.expiresAt ?? '1h')
    .sign(privateKey);
};

describe('who is let in', () => {
  it('a caller with the key, one with a token, one with a signature, each for what is theirs', async () => {
    const stack = stackOf();
    const body = JSON.stringify({
      query: 'mutation { submitTask(input: {txt2img: {prompt: "x"}}) { owner } }',
    });
    const token = await stack.token({ sub: 'ann' });
    const ways = {
      'key:default': { 'x-api-key': stack.apiKey ?? '' },
      'user:ann': { authorization: token },
      'iam:ci': await sign({ key: stack.accessKey('ci'), body }),
    };
    for (const [owner, headers] of Object.entries(ways)) {
      const { status, data } = await post(stack, body, headers);
      expect([status, data]).toEqual([200, { submitTask: { owner } }]);
    }
    const bearer = await post(stack, TASKS, { authorization: `Bearer ${token}` });
    expect(bearer.data).toMatchObject({ tasks: { items: [{}] } });
  });

  it.each([
    ['nothing at all', () => ({}), 401, 'UnauthorizedException', 'Missing authorization header'],
    [
      'a wrong key',
      () => ({ 'x-api-key': 'da2-wrong' }),
      401,
      'UnauthorizedException',
      'You are not authorized to make this call.',
    ],
    [
      'a header that is nothing',
      () => ({ authorization: 'nonsense' }),
      401,
      'UnauthorizedException',
      'Valid authorization header not provided.',
    ],
    [
      'a broken token',
      () => ({ authorization: 'a.b.c' }),
      401,
      'UnauthorizedException',
      'Unable to parse JWT token.',
    ],
    [
      "another pool's token",
      async () => ({ authorization: await forge({}) }),
      401,
      'UnauthorizedException',
      'You are not authorized to make this call.',
    ],
    [
      "our pool's issuer, signed by somebody else",
      async () => ({
        authorization: await forge({}, { issuer: issuerOf(await stackOf().token({ sub: 'ann' })) }),
      }),
      401,
      'UnauthorizedException',
      'You are not authorized to make this call.',
    ],
    [
      'an expired token',
      async () => ({ authorization: await stackOf().token({ sub: 'ann', expiresInSeconds: -10 }) }),
      401,
      'UnauthorizedException',
      'Token has expired.',
    ],
  ])('nobody with %s', async (_name, headers, status, errorType, message) => {
    const answer = await post(stackOf(), TASKS, (await headers()) as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(answer.errors).toEqual([{ errorType, message }]);
    expect(answer.data).toBeUndefined();
  });

  it('nobody with a signature that is wrong, stale, of an unknown key, or for another service', async () => {
    const stack = stackOf();
    const body = JSON.stringify(TASKS);
    const key = stack.accessKey('ci');
    const attempts: [string, Record<string, string>, string][] = [
      [
        JSON.stringify({ query: '{ tasks { nextToken } }' }),
        await sign({ key, body }),
        'InvalidSignatureException',
      ],
      [body, await sign({ key, body, at: new Date(Date.now() - 10 * 60_000) }), 'InvalidSignatureException'],
      [
        body,
        await sign({ key: { ...key, accessKeyId: 'AKIAUNKNOWN' }, body }),
        'UnrecognizedClientException',
      ],
      [body, await sign({ key, body, service: 'execute-api' }), 'IncompleteSignatureException'],
    ];
    for (const [sent, headers, errorType] of attempts) {
      const { status, errors } = await post(stack, sent, headers);
      expect([status, errors[0]?.errorType]).toEqual([403, errorType]);
    }
  });

  it('a signed caller only to the fields that a policy allows', async () => {
    const stack = stackOf();
    const key = stack.accessKey('reader', [
      { Effect: 'Allow', Action: 'appsync:GraphQL', Resource: '*/types/Query/fields/tasks' },
    ]);
    const body = JSON.stringify({ query: '{ tasks { items { id } } task(id: "x") { id } }' });
    const { status, data, errors } = await post(stack, body, await sign({ key, body }));
    expect(status).toBe(200);
    expect(data).toEqual({ tasks: { items: [] }, task: null });
    expect(errors).toEqual([
      expect.objectContaining({
        errorType: 'Unauthorized',
        message: 'Not Authorized to access task on type Query',
        path: ['task'],
      }),
    ]);
  });

  it('nobody but IAM to the internal mutation and the internal field', async () => {
    const stack = stackOf();
    const update = { query: 'mutation { updateTask(input: {id: "x", event: expire}) { id } }' };
    const { data } = await post(stack, {
      query: SUBMIT.replace('version', 'version request'),
      variables: { input: { txt2img: { prompt: 'secret' } } },
    });
    const callers: Record<string, string>[] = [
      { 'x-api-key': stack.apiKey ?? '' },
      { authorization: await stack.token({ sub: 'ann', groups: ['admin'] }) },
    ];
    for (const headers of callers) {
      const { errors } = await post(stack, update, headers);
      expect(errors[0]).toMatchObject({ errorType: 'Unauthorized', path: ['updateTask'] });
    }
    expect(JSON.stringify(data)).not.toContain('secret');
  });

  it('every field of a task in every mode', async () => {
    const stack = stackOf();
    const introspection = await post(stack, {
      query: '{ __type(name: "Task") { fields { name type { kind ofType { kind } } } } }',
    });
    const { fields } = (
      introspection.data as { __type: { fields: { name: string; type: { kind: string } }[] } }
    ).__type;
    const scalars = fields
      .map(({ name }) => name)
      .filter((name) => !['progress', 'estimate', 'images', 'error', 'request'].includes(name));
    const query = `mutation { submitTask(input: {txt2img: {prompt: "x"}}) { ${scalars.join(' ')} progress { fraction step steps etaSeconds previewUrl } estimate { queuePosition startsAt eta } images { url sha256 } error { code message retryable } } }`;
    const body = JSON.stringify({ query });
    for (const headers of [
      { 'x-api-key': stack.apiKey ?? '' },
      { authorization: await stack.token({ sub: 'ann' }) },
      await sign({ key: stack.accessKey('ci'), body }),
    ]) {
      const { errors, data } = await post(stack, body, headers);
      expect(errors).toEqual([]);
      expect((data as { submitTask: object }).submitTask).toMatchObject({ status: 'QUEUED', version: 1 });
    }
  });
});

const issuerOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iss: string }).iss;

describe('what is answered', () => {
  it.each([
    ['an empty body', '', 400, 'MalformedHttpRequestException', 'Request body is empty.'],
    ['no JSON', 'query', 400, 'MalformedHttpRequestException', 'Unable to parse GraphQL query.'],
    ['no query', '{}', 400, 'MalformedHttpRequestException', 'Unable to parse GraphQL query.'],
    ['a batch', '[]', 400, 'MalformedHttpRequestException', 'Unable to parse GraphQL query.'],
    [
      'two operations and no name',
      JSON.stringify({ query: 'query A { tasks { nextToken } } query B { tasks { nextToken } }' }),
      400,
      'BadRequestException',
      'Missing operation name.',
    ],
  ])('to %s', async (_name, body, status, errorType, message) => {
    const answer = await post(stackOf(), body);
    expect([answer.status, answer.errors[0]]).toMatchObject([status, { errorType, message }]);
  });

  it.each([
    ['a syntax error', '{ tasks { '],
    ['an unknown field', '{ tasks { nope } }'],
    ['an unknown argument', '{ tasks(owner: "bob") { nextToken } }'],
    ['a missing argument', '{ task { id } }'],
  ])('to %s: 200, no data, a validation error with its place', async (_name, query) => {
    const { status, data, errors } = await post(stackOf(), { query });
    expect([status, data]).toEqual([200, null]);
    expect(errors[0]?.message).toMatch(/^Validation error: /);
    expect(errors[0]).toMatchObject({ path: null, locations: [{ sourceName: null }] });
    expect(errors[0]).not.toHaveProperty('extensions');
  });

  it('to variables that do not fit: no place, no data', async () => {
    const { status, data, errors } = await post(stackOf(), { query: SUBMIT, variables: {} });
    expect([status, data]).toEqual([200, null]);
    expect(errors[0]).toMatchObject({ path: null, locations: null });
  });

  it('to a document of too many tokens', async () => {
    const endless = `{ ${'tasks { nextToken } '.repeat(6000)} }`;
    expect((await post(stackOf(), { query: endless })).errors[0]?.message).toMatch(/token/i);
  });

  it('to a subscription over HTTP', async () => {
    const { errors } = await post(stackOf(), { query: 'subscription { onTaskUpdated { id } }' });
    expect(errors[0]?.errorType).toBe('OperationNotSupported');
  });

  it('to a browser that asks whether it may', async () => {
    const response = await fetch(stackOf().urls.graphql, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-headers': 'x-api-key,x-amz-user-agent',
      },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe('x-api-key,x-amz-user-agent');
  });
});

describe('pages of tasks', () => {
  it('come newest first, end to end, and a token of somebody else opens nothing', async () => {
    const stack = stackOf();
    const headers = { authorization: await stack.token({ sub: 'pager' }) };
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const id = randomUUID();
      ids.unshift(id);
      await post(stack, { query: SUBMIT, variables: { input: { id, txt2img: { prompt: 'x' } } } }, headers);
    }
    const query =
      'query Page($nextToken: String) { tasks(limit: 2, nextToken: $nextToken) { items { id } nextToken } }';
    const seen: string[] = [];
    let nextToken: string | null = null;
    do {
      const { data }: { data: unknown } = await post(stack, { query, variables: { nextToken } }, headers);
      const page = (data as { tasks: { items: { id: string }[]; nextToken: string | null } }).tasks;
      seen.push(...page.items.map(({ id }) => id));
      nextToken = page.nextToken;
    } while (nextToken !== null);
    expect(seen).toEqual(ids);

    const forged = Buffer.from(JSON.stringify({ id: { S: ids[0] }, owner: { S: 'user:pager' } })).toString(
      'base64url',
    );
    const { errors } = await post(stack, { query, variables: { nextToken: forged } }, headers);
    expect(errors[0]).toMatchObject({ errorType: 'VALIDATION', errorInfo: { field: 'nextToken' } });
  });

  it('that could not be read, as DynamoDB was away, is nobody’s mistake', async () => {
    const takeAway = stackOf().faults.inject({
      calls: ['DynamoDB.Query'],
      fault: { kind: 'refused', status: 503 },
    });
    const { errors } = await post(stackOf(), TASKS);
    takeAway();
    expect(errors[0]).toMatchObject({ errorType: 'INTERNAL' });
  });
});
