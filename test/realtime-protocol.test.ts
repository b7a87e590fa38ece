import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clientOf, post, SUBMIT, userOf, useStack } from './helpers/stack.ts';
import {
  isData,
  isFor,
  keyOf,
  openSocket,
  signatureOf,
  tokenOf,
  type OpenOptions,
} from './helpers/realtime-client.ts';

/* The protocol frame by frame (AppSync developer guide, "real-time-websocket-client"; docs/protocol.md). No worker runs. */

const stackOf = useStack({ instances: 0 });

const ALL_MINE = 'subscription { onTaskUpdated { id status version } }';
const ONE = 'subscription One($id: ID) { onTaskUpdated(id: $id) { id status version } }';
const INPUT = { txt2img: { prompt: 'a lighthouse' } };

const submit = async (id: string = randomUUID(), prompt = 'a lighthouse'): Promise<string> => {
  const { errors } = await post(stackOf(), {
    query: SUBMIT,
    variables: { input: { id, txt2img: { prompt } } },
  });
  expect(errors).toEqual([]);
  return id;
};

describe('the handshake', () => {
  it.each<OpenOptions>([
    { by: 'subProtocol', path: '/graphql/realtime' },
    { by: 'subProtocol', path: '/graphql' },
    { by: 'query', path: '/graphql/realtime' },
    { by: 'query', path: '/graphql' },
    { by: 'headers', path: '/graphql/realtime' },
    { by: 'subProtocol', tls: true },
  ])('is acknowledged with credentials by $by at $path', async (options) => {
    const socket = await openSocket(stackOf(), options);
    expect(socket.protocol()).toBe('graphql-ws');
    socket.send({ type: 'connection_init' });
    expect(await socket.next()).toEqual({
      type: 'connection_ack',
      payload: { connectionTimeoutMs: 300_000 },
    });
    expect(await socket.next()).toEqual({ type: 'ka' });
    socket.close();
  });

  it('is acknowledged with a token, and with a signature of /connect', async () => {
    const stack = stackOf();
    const key = stack.accessKey('raw');
    for (const authorization of [
      await tokenOf(stack, 'ann'),
      await signatureOf(stack, key, '/graphql/connect', '{}'),
    ]) {
      const socket = await openSocket(stack, { authorization });
      socket.send({ type: 'connection_init' });
      expect((await socket.next()).type).toBe('connection_ack');
      socket.close();
    }
  });

  it.each([
    ['a wrong key', () => Promise.resolve({ host: 'x', 'x-api-key': 'da2-wrong' })],
    ['no key', () => Promise.resolve({ host: 'x' })],
    [
      'a signature of the wrong path',
      () => signatureOf(stackOf(), stackOf().accessKey('raw'), '/graphql', '{}'),
    ],
    ['a token of another pool', () => Promise.resolve({ host: 'x', Authorization: FOREIGN_TOKEN })],
  ])('is refused in a frame with %s, and closed', async (_name, authorize) => {
    const socket = await openSocket(stackOf(), { authorization: await authorize() });
    socket.send({ type: 'connection_init' });
    expect(await socket.next()).toMatchObject({
      type: 'connection_error',
      payload: { errors: [{ errorType: 'UnauthorizedException', errorCode: 401 }] },
    });
    await socket.closed;
  });

  it.each([
    ['no sub-protocol', [], 'NoProtocolError'],
    ['another one', ['graphql-transport-ws'], 'SubProtocolNotSupportedError'],
  ])('is refused in a frame with %s', async (_name, protocols, message) => {
    const socket = await openSocket(stackOf(), { protocols, by: 'query' });
    socket.send({ type: 'connection_init' });
    expect(await socket.next()).toEqual({
      type: 'connection_error',
      payload: { errors: [{ message, errorCode: 400 }] },
    });
    await socket.closed;
  });
});

/** Well-formed, but signed by nobody we know, for another pool. */
const FOREIGN_TOKEN = [
  { alg: 'RS256', kid: 'x' },
  { sub: 'eve', iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other', token_use: 'access' },
  'signature',
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

describe('a subscription', () => {
  it('is acknowledged, fed, and completed when it is stopped', async () => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    socket.start('1', ALL_MINE, keyOf(stack));
    expect(await socket.next()).toEqual({ type: 'start_ack', id: '1' });
    const id = await submit();
    expect(await socket.next(isData)).toEqual({
      type: 'data',
      id: '1',
      payload: { data: { onTaskUpdated: { id, status: 'QUEUED', version: 2 } } },
    });
    socket.send({ type: 'stop', id: '1' });
    expect(await socket.next(isFor('1'))).toEqual({ type: 'complete', id: '1' });

    // Nothing comes after it: the next frame is that of a younger subscription.
    socket.start('2', ALL_MINE, keyOf(stack));
    await socket.next(isFor('2', 'start_ack'));
    await submit();
    expect((await socket.next()).id).toBe('2');
    socket.close();
  });

  it('gets one task where it asks for one', async () => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    const [mine, other] = [randomUUID(), randomUUID()];
    socket.start('1', ONE, keyOf(stack), { id: mine });
    await socket.next(isFor('1', 'start_ack'));
    await submit(other);
    await submit(mine);
    expect((await socket.next(isData)).payload?.data?.onTaskUpdated?.id).toBe(mine);
    socket.close();
  });

  it('is projected to its own selection, with aliases and fragments', async () => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    const query = `subscription { told: onTaskUpdated { ...Part kind: __typename } } fragment Part on Task { state: status progress { step } images { url } }`;
    socket.start('1', query, keyOf(stack));
    await socket.next(isFor('1', 'start_ack'));
    await submit();
    expect((await socket.next(isData)).payload).toEqual({
      data: { told: { state: 'QUEUED', progress: null, images: null, kind: 'Task' } },
    });
    socket.close();
  });

  it('is authorized by itself: two users on one socket, each told of their own', async () => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    socket.start('ann', ALL_MINE, await tokenOf(stack, 'ann'));
    socket.start('bob', ALL_MINE, await tokenOf(stack, 'bob'));
    await socket.next(isFor('ann', 'start_ack'));
    await socket.next(isFor('bob', 'start_ack'));
    const { id: ofBob } = await userOf(stack, 'bob').submit(INPUT);
    const { id: ofAnn } = await userOf(stack, 'ann').submit(INPUT);
    const told = [await socket.next(isData), await socket.next(isData)];
    expect(told.map((frame) => [frame.id, frame.payload?.data?.onTaskUpdated?.id])).toEqual([
      ['bob', ofBob],
      ['ann', ofAnn],
    ]);
    socket.close();
  });

  it("of somebody else's task is accepted and silent", async () => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    const ofAnn = randomUUID();
    socket.start('spy', ONE, await tokenOf(stack, 'bob'), { id: ofAnn });
    socket.start('own', ALL_MINE, await tokenOf(stack, 'bob'));
    await socket.next(isFor('spy', 'start_ack'));
    await socket.next(isFor('own', 'start_ack'));
    await userOf(stack, 'ann').submit({ id: ofAnn, ...INPUT });
    await userOf(stack, 'ann').cancel(ofAnn);
    await userOf(stack, 'bob').submit(INPUT);
    expect((await socket.next(isData)).id).toBe('own');
    socket.close();
  });

  it('may be signed, by a principal whose policy allows the field', async () => {
    const stack = stackOf();
    const data = JSON.stringify({ query: ALL_MINE, variables: {} });
    const allowed = stack.accessKey('watcher');
    const denied = stack.accessKey('stranger', [
      { Effect: 'Allow', Action: 'appsync:GraphQL', Resource: '*/types/Query/*' },
    ]);
    const socket = await openSocket(stack);
    for (const [id, key] of [
      ['allowed', allowed],
      ['denied', denied],
    ] as const) {
      const authorization = await signatureOf(stack, key, '/graphql', data);
      socket.send({ id, type: 'start', payload: { data, extensions: { authorization } } });
    }
    expect((await socket.next(isFor('allowed'))).type).toBe('start_ack');
    expect(await socket.next(isFor('denied'))).toMatchObject({
      type: 'error',
      payload: {
        errors: [
          {
            errorType: 'Unauthorized',
            message: 'Not Authorized to access onTaskUpdated on type Subscription',
          },
        ],
      },
    });
    socket.close();
  });
});

describe('what is wrong with a frame is said in one', () => {
  it.each([
    ['a duplicate id', 'DuplicatedOperationError', 'Duplicated operation with id 1', ALL_MINE],
    [
      'a query',
      'UnsupportedOperation',
      'query not supported through the realtime channel',
      '{ task(id: "x") { id } }',
    ],
  ])('%s', async (name, errorType, message, query) => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    if (name === 'a duplicate id') {
      socket.start('1', ALL_MINE, keyOf(stack));
      await socket.next(isFor('1', 'start_ack'));
    }
    socket.start('1', query, keyOf(stack));
    expect(await socket.next(isFor('1'))).toMatchObject({
      type: 'error',
      payload: { errors: [{ errorType, message }] },
    });
    socket.close();
  });

  it('an unknown field, a missing variable', async () => {
    const stack = stackOf();
    const socket = await openSocket(stack);
    socket.start('1', 'subscription { onTaskUpdated { nope } }', keyOf(stack));
    expect((await socket.next(isFor('1'))).payload?.errors?.[0]?.message).toMatch(
      /^Validation error: .*"nope"/,
    );
    socket.start('2', 'subscription S($id: ID!) { onTaskUpdated(id: $id) { id } }', keyOf(stack));
    expect((await socket.next(isFor('2'))).type).toBe('error');
    socket.close();
  });

  it.each([
    ['no JSON at all'],
    [{ type: 'nonsense' }],
    [{ type: 'start', id: '1' }],
    [{ type: 'start', payload: {} }],
  ])('%j', async (frame) => {
    const socket = await openSocket(stackOf());
    socket.send(frame);
    expect(await socket.next()).toEqual({
      type: 'error',
      payload: {
        errors: [
          {
            errorType: 'UnsupportedOperation',
            message: 'unknown not supported through the realtime channel',
          },
        ],
      },
    });
    socket.close();
  });

  it('a start without credentials, though the socket has some', async () => {
    const socket = await openSocket(stackOf());
    socket.start('1', ALL_MINE, {});
    expect(await socket.next(isFor('1'))).toMatchObject({
      type: 'error',
      payload: { errors: [{ errorType: 'UnauthorizedException' }] },
    });
    socket.close();
  });

  it('a start whose signature covers another subscription', async () => {
    const stack = stackOf();
    const authorization = await signatureOf(stack, stack.accessKey('raw'), '/graphql', '{"query":"other"}');
    const socket = await openSocket(stack);
    socket.start('1', ALL_MINE, authorization);
    expect(await socket.next(isFor('1'))).toMatchObject({
      type: 'error',
      payload: { errors: [{ errorType: 'UnauthorizedException', message: 'Permission denied' }] },
    });
    socket.close();
  });
});

describe('the SDK', () => {
  it('sees a cancel that another client asked for', async () => {
    const stack = stackOf();
    const handle = await clientOf(stack).submit(INPUT);
    await clientOf(stack).cancel(handle.id);
    await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELED', task: { status: 'CANCELED' } });
  });
});
