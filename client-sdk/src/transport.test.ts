import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../test/fakes.ts';
import type { Auth } from './auth.ts';
import { SYSTEM_TIMERS, type Timers } from './timers.ts';
import { createTransport, type Transport } from './transport.ts';

/* What the client sends and how it takes what comes, with an unmodified Amplify between. */

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const transportTo = async (
  answer: Answer,
  auth: Auth,
  timers: Timers = SYSTEM_TIMERS,
): Promise<Transport> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return createTransport({ endpoint: `http://127.0.0.1:${port}/graphql`, auth }, timers);
};

const refuse = (response: ServerResponse): void => {
  const errorType = 'UnauthorizedException';
  response
    .writeHead(401, { 'content-type': 'application/json', 'x-amzn-errortype': errorType })
    .end(JSON.stringify({ errors: [{ errorType, message: 'Token has expired.' }] }));
};

const found = (response: ServerResponse): void => {
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ data: { task: { id: 'a' } } }));
};

describe('a call', () => {
  it('asks for a fresh token where the last was not accepted, and for no other after that', async () => {
    let held = 'stale';
    let refreshes = 0;
    const token = ({ forceRefresh }: { forceRefresh: boolean }): string => {
      if (forceRefresh) {
        held = 'fresh';
        refreshes += 1;
      }
      return held;
    };
    const sent: (string | undefined)[] = [];
    const transport = await transportTo(
      ({ headers }, response) => {
        sent.push(headers.authorization);
        if (headers.authorization === 'stale') refuse(response);
        else found(response);
      },
      { token },
    );
    expect(await transport.get('a')).toEqual({ id: 'a' });
    const before = refreshes;
    expect(await transport.get('a')).toEqual({ id: 'a' });
    expect(sent).toEqual(['stale', 'fresh', 'fresh']);
    expect(refreshes).toBe(before);
  });

  it('is refused where a fresh token is not accepted either, and a key is not tried twice', async () => {
    let calls = 0;
    const count: Answer = (_request, response) => {
      calls += 1;
      refuse(response);
    };
    const byToken = await transportTo(count, { token: () => 'stale' });
    await expect(byToken.get('a')).rejects.toMatchObject({ name: 'UnauthorizedError', taskId: 'a' });
    const byKey = await transportTo(count, { apiKey: 'da2-x' });
    await expect(byKey.get('a')).rejects.toMatchObject({ name: 'UnauthorizedError' });
    expect(calls).toBe(3);
  });

  it('says why there was no token', async () => {
    const transport = await transportTo((_request, response) => found(response), {
      token: () => Promise.reject(new Error('signed out')),
    });
    await expect(transport.get('a')).rejects.toMatchObject({
      name: 'UnauthorizedError',
      cause: { message: 'signed out' },
    });
  });

  it('is given up when no answer comes', async () => {
    const clock = createFakeClock();
    let arrived: () => void = () => undefined;
    const received = new Promise<void>((resolve) => (arrived = resolve));
    const transport = await transportTo(() => arrived(), { apiKey: 'da2-x' }, clock.timers);
    const call = transport.submit({ id: 'a', txt2img: { prompt: 'x' } });
    const told = expect(call).rejects.toMatchObject({ name: 'NetworkError', taskId: 'a', isRetryable: true });
    await received;
    await clock.advance(35_000);
    await told;
    expect(clock.pending()).toBe(0);
  });
});
