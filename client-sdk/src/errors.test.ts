import { createAmplifyContext } from 'aws-amplify';
import { generateClient } from 'aws-amplify/api';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { toApiError } from './errors.ts';
import { toAmplifyEndpoint } from './auth.ts';

/* What Amplify makes of an API that fails is its own affair, and changes: so it is asked. */

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

const askWith = async (answer: (response: ServerResponse) => void): Promise<unknown> => {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const endpoint = toAmplifyEndpoint(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
  const client = generateClient(
    createAmplifyContext({
      API: { GraphQL: { endpoint, region: 'us-east-1', defaultAuthMode: 'apiKey', apiKey: 'da2-x' } },
    }),
  );
  return Promise.resolve(client.graphql({ query: 'query { tasks { nextToken } }' })).then(
    () => undefined,
    (error: unknown) => error,
  );
};

const json = (status: number, errorType: string) => (response: ServerResponse) =>
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': errorType })
    .end(JSON.stringify({ errors: [{ errorType, message: 'told by AppSync' }] }));

describe('an API error', () => {
  it.each<[string, (response: ServerResponse) => void, string, boolean]>([
    ['of an API that is to blame', json(500, 'InternalFailure'), 'INTERNAL', true],
    ['of an API that is away', json(503, 'ServiceUnavailable'), 'INTERNAL', true],
    ['of an API that wants patience', json(429, 'ThrottlingException'), 'INTERNAL', true],
    ['of a connection that was cut', (response) => response.destroy(), 'NETWORK', true],
    [
      'of a connection that was cut half-way',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('{"data": {', () => response.destroy());
      },
      'NETWORK',
      true,
    ],
    ['of a request that can only be wrong', json(400, 'MalformedHttpRequestException'), 'BAD_REQUEST', false],
    ['of a caller who may not', json(401, 'UnauthorizedException'), 'UnauthorizedException', false],
    ['of a field that a resolver refused', json(200, 'CONFLICT'), 'CONFLICT', false],
  ])('%s says whether repeating the call can help', async (_name, answer, code, isRetryable) => {
    const error = toApiError(await askWith(answer));
    expect([error.code, error.isRetryable]).toEqual([code, isRetryable]);
  });
});
