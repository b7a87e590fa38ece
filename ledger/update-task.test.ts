import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, isObjectType, type GraphQLObjectType, getNamedType } from 'graphql';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createLedger, LedgerUnavailableError, TASK_FIELDS } from './update-task.ts';

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

const startServer = async (
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
) => {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => answer(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return createLedger({
    graphqlUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' },
    timeoutMs: 500,
  });
};

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const BEAT = { id: 't', event: 'beat' as const };

describe('createLedger', () => {
  it('signs the mutation for AppSync with its own credentials', async () => {
    let seen: IncomingMessage['headers'] = {};
    const ledger = await startServer((request, _body, response) => {
      seen = request.headers;
      json(response, 200, { data: { updateTask: { id: 't' } } });
    });
    expect(await ledger.tell(BEAT)).toEqual({ accepted: true, task: { id: 't' } });
    expect(seen.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/appsync\/aws4_request/,
    );
    expect(seen['x-amz-security-token']).toBe('token');
  });

  it('asks for the request when it claims, and with no other event', async () => {
    const bodies: string[] = [];
    const ledger = await startServer((_request, body, response) => {
      bodies.push((JSON.parse(body) as { query: string }).query);
      json(response, 200, { data: { updateTask: { id: 't' } } });
    });
    await ledger.tell({ id: 't', event: 'claim' });
    await ledger.tell(BEAT);
    expect(bodies.map((query) => /\brequest\b/.test(query))).toEqual([true, false]);
  });

  it('takes an explicit refusal for one', async () => {
    const info = { status: 'RUNNING', attempt: 2, version: 5, leaseRemainingMs: 100, dueInMs: 0 };
    const ledger = await startServer((_request, _body, response) => {
      const error = { message: 'The lease was lost.', errorType: 'LEASE_LOST', errorInfo: info };
      json(response, 200, { data: { updateTask: null }, errors: [error] });
    });
    expect(await ledger.tell(BEAT)).toEqual({
      accepted: false,
      code: 'LEASE_LOST',
      message: 'The lease was lost.',
      info,
    });
  });

  it.each([
    [
      'an internal error',
      200,
      { data: { updateTask: null }, errors: [{ message: 'x', errorType: 'INTERNAL' }] },
    ],
    [
      'a signature that is refused',
      403,
      { errors: [{ message: 'x', errorType: 'UnrecognizedClientException' }] },
    ],
    ['a 500', 500, {}],
    ['nothing at all', 200, null],
  ])('never takes %s for a refusal', async (_name, status, body) => {
    const ledger = await startServer((_request, _body, response) => json(response, status, body));
    await expect(ledger.tell(BEAT)).rejects.toThrow(LedgerUnavailableError);
  });

  it('never takes silence, HTML or a broken connection for a refusal', async () => {
    const mute = await startServer(() => undefined);
    const html = await startServer((_request, _body, response) => response.end('<html>Bad gateway</html>'));
    const broken = await startServer((request) => request.socket.destroy());
    for (const ledger of [mute, html, broken]) {
      await expect(ledger.tell(BEAT)).rejects.toThrow(LedgerUnavailableError);
    }
  });
});

describe('TASK_FIELDS', () => {
  it('selects every field of Task but the internal request, so that subscribers miss nothing', () => {
    const sdl = ['appsync.graphql', 'schema.graphql'].map((file) => readFileSync(file, 'utf8')).join('\n');
    const fieldsOf = (type: GraphQLObjectType): string[] =>
      Object.values(type.getFields()).flatMap((field) => {
        const inner = getNamedType(field.type);
        return [field.name, ...(isObjectType(inner) ? fieldsOf(inner) : [])];
      });
    const expected = fieldsOf(buildSchema(sdl).getType('Task') as GraphQLObjectType);
    const selected = TASK_FIELDS.match(/\w+/g) ?? [];
    expect([...selected].sort()).toEqual(expected.filter((name) => name !== 'request').sort());
  });
});
