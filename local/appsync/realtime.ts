import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Authenticate, Authentication } from './authenticate.ts';
import type { ApiError, Engine, Subscription } from './types.ts';

/*
 * AppSync's realtime protocol, server side (AppSync developer guide, "real-time-websocket-client"). One socket carries many
 * subscriptions; each `start` is authorized by itself, whatever the socket was opened with.
 *
 *   client                         server
 *   connection_init          →
 *                            ←     connection_ack, ka         or connection_error, then the socket closes
 *   start {id}               →
 *                            ←     start_ack {id}             or error {id}
 *                            ←     data {id} …, ka every 60 s
 *   stop {id}                →
 *                            ←     complete {id}
 */

export interface RealtimeOptions {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  /** Path of the GraphQL endpoint, which signatures cover. */
  readonly path: string;
  /** Pause between `ka` frames; AppSync's 60 s unless told. */
  readonly keepAliveMs?: number;
  /** Asked before each push: whether this one gets lost. None does unless told. */
  readonly isLost?: () => boolean;
}

export interface Realtime {
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Closes every socket without a word; returns how many there were. */
  readonly cutSockets: () => number;
  readonly stop: () => void;
}

const SUB_PROTOCOL = 'graphql-ws';
const CONNECTION_TIMEOUT_MS = 300_000;
const MAX_SUBSCRIPTIONS = 200;
/** A larger event is dropped, and nobody is told. */
const MAX_EVENT_BYTES = 240 * 1024;
const MAX_FRAME_BYTES = 128 * 1024;
/** How long a refusal waits for the client's first frame: some clients listen only after the socket has opened. */
const REFUSAL_DELAY_MS = 500;

export const createRealtime = (options: RealtimeOptions): Realtime => {
  const { engine, authenticate, path, keepAliveMs = 60_000, isLost = () => false } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    // A protocol we do not speak is refused in a frame, for which the socket must open first.
    handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : ([...offered][0] ?? false)),
  });
  const keepAlive = setInterval(() => {
    for (const socket of server.clients) send(socket, { type: 'ka' });
  }, keepAliveMs);

  return {
    handleUpgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const admission = admit(request, authenticate, path);
        createConnection({ webSocket, admission, engine, authenticate, path, isLost });
      });
    },
    cutSockets: () => {
      const sockets = [...server.clients];
      for (const socket of sockets) socket.terminate();
      return sockets.length;
    },
    stop: () => {
      clearInterval(keepAlive);
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
};

const send = (socket: WebSocket, frame: object): void => {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
};

interface ConnectionError {
  readonly errorType?: string;
  readonly message: string;
  readonly errorCode: number;
}

type Admission = { readonly ok: true } | { readonly ok: false; readonly error: ConnectionError };

const admit = async (
  request: IncomingMessage,
  authenticate: Authenticate,
  path: string,
): Promise<Admission> => {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (protocols[0] === '') return { ok: false, error: { message: 'NoProtocolError', errorCode: 400 } };
  if (!protocols.includes(SUB_PROTOCOL))
    return { ok: false, error: { message: 'SubProtocolNotSupportedError', errorCode: 400 } };
  const headers = readHandshake(request, protocols);
  const { ok, ...rest } = headers
    ? await authenticate({ headers, path: `${path}/connect`, body: '{}' })
    : ({ ok: false, refusal: undefined } as const);
  if (ok) return { ok: true };
  const refusal = 'refusal' in rest ? rest.refusal : undefined;
  return {
    ok: false,
    error: {
      errorType: 'UnauthorizedException',
      message: refusal?.message ?? 'You are not authorized to make this call.',
      errorCode: 401,
    },
  };
};

/** Three ways to bring credentials: a `header-` sub-protocol, the query string, plain headers. */
const readHandshake = (
  request: IncomingMessage,
  protocols: readonly string[],
): Record<string, string> | undefined => {
  const encoded =
    protocols.find((name) => name.startsWith('header-'))?.slice('header-'.length) ??
    new URL(request.url ?? '/', 'ws://appsync').searchParams.get('header')?.replaceAll(' ', '+');
  if (encoded === undefined || encoded === null) return toLowerCase(request.headers);
  try {
    // Reads both base64 alphabets, with padding and without.
    return toLowerCase(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
  } catch {
    return undefined;
  }
};

const toLowerCase = (headers: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((headers ?? {}) as object).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );

interface ConnectionOptions {
  readonly webSocket: WebSocket;
  readonly admission: Promise<Admission>;
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  readonly path: string;
  readonly isLost: () => boolean;
}

interface Frame {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly payload?: { readonly data?: unknown; readonly extensions?: { readonly authorization?: unknown } };
}

/** One socket. Its subscriptions by id; one whose start is still being looked at is held by null. */
const createConnection = (options: ConnectionOptions): void => {
  const { webSocket, admission, engine, authenticate, path, isLost } = options;
  const subscriptions = new Map<string, Subscription | null>();
  const answer = (frame: object): void => send(webSocket, frame);
  const fail = (id: string | undefined, errors: unknown): void =>
    answer({ type: 'error', ...(id !== undefined && { id }), payload: { errors } });

  const stopListening = engine.onPublish((event) => {
    for (const [id, subscription] of subscriptions) {
      const payload = subscription?.project(event);
      if (!payload || isLost()) continue;
      const frame = JSON.stringify({ type: 'data', id, payload });
      if (Buffer.byteLength(frame) <= MAX_EVENT_BYTES && webSocket.readyState === webSocket.OPEN)
        webSocket.send(frame);
    }
  });

  const refuse = (error: ConnectionError): void => {
    answer({ type: 'connection_error', payload: { errors: [error] } });
    webSocket.close(1000);
  };

  const start = async (frame: Frame): Promise<void> => {
    const { id, payload } = frame;
    if (typeof id !== 'string' || typeof payload?.data !== 'string') {
      return fail(undefined, [UNSUPPORTED]);
    }
    if (subscriptions.has(id)) {
      return fail(id, [
        { errorType: 'DuplicatedOperationError', message: `Duplicated operation with id ${id}` },
      ]);
    }
    if (subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return fail(id, [
        {
          errorType: 'MaxSubscriptionsReachedError',
          message: `Max number of ${MAX_SUBSCRIPTIONS} subscriptions reached`,
        },
      ]);
    }
    subscriptions.set(id, null);
    const started = await subscribe(payload.data, toLowerCase(payload.extensions?.authorization));
    // Stopped, or the socket closed, before it had started.
    if (!subscriptions.has(id)) return;
    if ('errors' in started) {
      subscriptions.delete(id);
      return fail(id, started.errors);
    }
    answer({ type: 'start_ack', id });
    subscriptions.set(id, started.subscription);
  };

  const subscribe = async (
    data: string,
    authorization: Record<string, string>,
  ): Promise<{ subscription: Subscription } | { errors: readonly (ApiError | object)[] }> => {
    const result = await authenticate({ headers: authorization, path, body: data });
    if (!result.ok) return { errors: [toStartError(result)] };
    let body: { query?: unknown; variables?: unknown; operationName?: unknown };
    try {
      body = JSON.parse(data) as typeof body;
    } catch {
      return { errors: [UNSUPPORTED] };
    }
    if (typeof body?.query !== 'string') return { errors: [UNSUPPORTED] };
    const { authorization: _a, 'x-api-key': _k, 'x-amz-security-token': _t, ...headers } = authorization;
    return engine.subscribe({
      query: body.query,
      variables: (body.variables ?? {}) as Record<string, unknown>,
      ...(typeof body.operationName === 'string' && { operationName: body.operationName }),
      caller: result.caller,
      headers,
    });
  };

  const receive = async (text: string): Promise<void> => {
    const frame = parseFrame(text);
    switch (frame?.type) {
      case 'connection_init':
        answer({ type: 'connection_ack', payload: { connectionTimeoutMs: CONNECTION_TIMEOUT_MS } });
        return answer({ type: 'ka' });
      case 'start':
        return start(frame);
      case 'stop': {
        const id = String(frame.id);
        if (subscriptions.delete(id)) answer({ type: 'complete', id });
        return;
      }
      default:
        return fail(undefined, [UNSUPPORTED]);
    }
  };

  let refusalTimer: NodeJS.Timeout | undefined;
  const admitted = admission.then((result) => {
    if (result.ok) return true;
    refusalTimer = setTimeout(() => refuse(result.error), REFUSAL_DELAY_MS);
    return false;
  });

  webSocket.on('message', (data) => {
    void Promise.all([admission, admitted]).then(([result]) => {
      if (result.ok) return receive(String(data));
      clearTimeout(refusalTimer);
      refuse(result.error);
    });
  });
  // A frame beyond the limit or a broken one: `ws` closes the socket by itself.
  webSocket.on('error', () => undefined);
  webSocket.on('close', () => {
    clearTimeout(refusalTimer);
    stopListening();
    subscriptions.clear();
  });
};

const UNSUPPORTED = {
  errorType: 'UnsupportedOperation',
  message: 'unknown not supported through the realtime channel',
};

const toStartError = (result: Authentication & { ok: false }): object =>
  result.refusal.status === 403
    ? { errorType: 'UnauthorizedException', message: 'Permission denied' }
    : { errorType: 'UnauthorizedException', message: result.refusal.message };

const parseFrame = (text: string): Frame | undefined => {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null ? frame : undefined;
  } catch {
    return undefined;
  }
};
