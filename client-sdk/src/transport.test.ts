import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createTransport } from './transport.ts';

const PATIENCE = { renewMs: 10, answerMs: 50 };

interface Frame {
  readonly type: string;
  readonly id?: string;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A realtime endpoint that answers the nth start with what `answer` returns. */
const startEndpoint = async (
  answer: (nth: number) => object,
): Promise<{ endpoint: string; ids: string[] }> => {
  const ids: string[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'graphql-ws' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type, id = '' } = JSON.parse(String(data)) as Frame;
      if (type === 'connection_init')
        socket.send(JSON.stringify({ type: 'connection_ack', payload: { connectionTimeoutMs: 300_000 } }));
      if (type !== 'start') return;
      ids.push(id);
      socket.send(JSON.stringify({ ...answer(ids.length), id }));
    });
  });
  stops.push(async () => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return { endpoint: await listen(server), ids };
};

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
};

describe('a call', () => {
  it('that is never answered is repeated', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      if (asked > 1) response.end(JSON.stringify({ data: { task: { id: 't' } } }));
    });
    const endpoint = await listen(server);
    const transport = createTransport({ endpoint, auth: { apiKey: 'da2-x' } }, PATIENCE);
    expect(await transport.get('t')).toEqual({ id: 't' });
    expect(asked).toBe(2);
  });
});

describe('a subscription', () => {
  it('that was ended from the other side is opened anew, and says that something may be missing', async () => {
    const { endpoint, ids } = await startEndpoint((nth) =>
      nth === 1
        ? {
            type: 'error',
            payload: { errors: [{ errorType: 'DuplicatedOperationError', message: 'twice' }] },
          }
        : { type: 'start_ack' },
    );
    const heard: string[] = [];
    const transport = createTransport({ endpoint, auth: { apiKey: 'da2-x' } }, PATIENCE);
    const unsubscribe = await new Promise<() => void>((resolve, reject) => {
      const stop = transport.subscribe('t', {
        onTask: () => undefined,
        onLost: () => undefined,
        onEnd: () => heard.push('end'),
        onStart: () => {
          heard.push('start');
          resolve(stop);
        },
        onError: reject,
      });
    });
    unsubscribe();
    expect(heard).toEqual(['end', 'start']);
    expect(new Set(ids).size).toBe(2);
  });
});
