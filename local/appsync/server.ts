import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import selfsigned from 'selfsigned';
import type { Meet } from '../faults/faults.ts';
import { meetFault } from '../faults/meet-fault.ts';
import type { Authenticate, Refusal } from './authenticate.ts';
import { startFront } from './front.ts';
import { createRealtime } from './realtime.ts';
import type { ApiError, ApiResult, Caller, Engine } from './types.ts';

export interface AppSyncServerOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Told once the port is known and before the first request, since functions need the address. */
  readonly onListening: (url: string) => { readonly engine: Engine; readonly authenticate: Authenticate };
  /** Answers GET requests for other paths than AppSync's own; false: there is nothing. */
  readonly pages?: (url: URL, response: ServerResponse) => boolean;
  readonly keepAliveMs?: number;
  /** What goes wrong with a call, by its root field, and with the push of an event. Nothing unless told. */
  readonly meet?: Meet;
}

export interface AppSyncServer {
  /** `http://127.0.0.1:<port>/graphql`; the port speaks TLS too. */
  readonly url: string;
  /** PEM of the certificate made for this run. */
  readonly certificate: string;
  /** Closes every realtime socket, as a network does; returns how many there were. */
  readonly cutSockets: () => number;
  /** Closes every connection and listens to none for that long. */
  readonly restart: (downMs: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const GRAPHQL_PATH = '/graphql';
const REALTIME_PATHS = new Set([GRAPHQL_PATH, `${GRAPHQL_PATH}/realtime`]);
const MAX_BODY_BYTES = 6_000_000;

/** AppSync's two endpoints on one port. */
export const startAppSyncServer = async (options: AppSyncServerOptions): Promise<AppSyncServer> => {
  const { port = 0, onListening, pages = () => false, keepAliveMs, meet = () => undefined } = options;
  const pems = await selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });

  const http = createServer();
  const tls = createTlsServer({ key: pems.private, cert: pems.cert });

  const front = await startFront({
    port,
    onPlain: (socket) => http.emit('connection', socket),
    onTls: (socket) => tls.emit('connection', socket),
  });
  const url = `http://127.0.0.1:${front.port}${GRAPHQL_PATH}`;
  const { engine, authenticate } = onListening(url);
  const realtime = createRealtime({
    engine,
    authenticate,
    path: GRAPHQL_PATH,
    isLost: () => meet('AppSync.push') !== undefined,
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  });
  for (const server of [http, tls]) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void serve(request, response, { engine, authenticate, pages, meet }).catch(() => response.destroy());
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (REALTIME_PATHS.has(pathOf(request))) realtime.handleUpgrade(request, socket, head);
      else socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    });
  }
  return {
    url,
    certificate: pems.cert,
    cutSockets: realtime.cutSockets,
    restart: front.restart,
    stop: async () => {
      realtime.stop();
      await front.stop();
    },
  };
};

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

interface Service {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  readonly pages: NonNullable<AppSyncServerOptions['pages']>;
  readonly meet: Meet;
}

const serve = async (request: IncomingMessage, response: ServerResponse, service: Service): Promise<void> => {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('x-amzn-requestid', randomUUID());
  if (request.method === 'OPTIONS') {
    response.writeHead(200, {
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
      'access-control-max-age': '172800',
    });
    response.end();
    return;
  }
  if (pathOf(request) !== GRAPHQL_PATH) {
    const url = new URL(request.url ?? '/', 'http://appsync');
    if (request.method === 'GET' && service.pages(url, response)) return;
    return refuse(response, 404, {
      errorType: 'NotFoundException',
      message: `There is nothing at ${pathOf(request)}.`,
    });
  }
  if (request.method !== 'POST') {
    return refuse(response, 405, {
      errorType: 'UnsupportedOperationException',
      message: 'GraphQL is served over POST.',
    });
  }
  const body = await readBody(request);
  if (body === undefined) {
    return refuse(response, 413, {
      errorType: 'RequestEntityTooLargeException',
      message: `The request is larger than ${MAX_BODY_BYTES} bytes.`,
    });
  }
  const headers = toHeaders(request);
  const result = await service.authenticate({ headers, path: request.url ?? GRAPHQL_PATH, body });
  if (!result.ok) return refuse(response, result.refusal.status, result.refusal);
  await answerQuery(response, service, body, headers, result.caller);
};

const answerQuery = async (
  response: ServerResponse,
  { engine, meet }: Service,
  body: string,
  headers: Record<string, string>,
  caller: Caller,
): Promise<void> => {
  if (body === '') {
    return refuse(response, 400, {
      message: 'Request body is empty.',
      errorType: 'MalformedHttpRequestException',
    });
  }
  const parsed = parseBody(body);
  if (!parsed) {
    return refuse(response, 400, {
      message: 'Unable to parse GraphQL query.',
      errorType: 'MalformedHttpRequestException',
    });
  }
  const { authorization: _a, 'x-api-key': _k, cookie: _c, 'x-amz-security-token': _t, ...visible } = headers;
  const execute = (): Promise<ApiResult> => engine.execute({ ...parsed, caller, headers: visible });
  const fault = meet(`AppSync.${rootFieldOf(parsed.query)}`);
  const fail = (status: number): void => refuse(response, status, INTERNAL_FAILURE);
  if (fault && (await meetFault(fault, { response, perform: execute, fail }))) return;
  const result = await execute();
  const badRequest = result.errors?.some(({ errorType }) => errorType === 'BadRequestException') ?? false;
  reply(response, badRequest ? 400 : 200, badRequest ? { errors: result.errors } : result);
};

const INTERNAL_FAILURE = { errorType: 'InternalFailure', message: 'Internal Failure' };

/** Of the first operation, as a name to go by. */
const rootFieldOf = (query: string): string => /{\s*(\w+)/.exec(query)?.[1] ?? 'unknown';

interface Query {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly operationName?: string;
}

const parseBody = (body: string): Query | undefined => {
  try {
    const { query, variables, operationName } = JSON.parse(body) as Record<string, unknown>;
    if (typeof query !== 'string') return undefined;
    const parsed: unknown = typeof variables === 'string' ? JSON.parse(variables) : (variables ?? {});
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    return {
      query,
      variables: parsed as Record<string, unknown>,
      ...(typeof operationName === 'string' && operationName !== '' && { operationName }),
    };
  } catch {
    return undefined;
  }
};

/** Undefined for a body beyond the limit; the rest of it is read and dropped, so that the client hears the answer. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString('utf8') : undefined;
};

const toHeaders = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]),
  );

const refuse = (response: ServerResponse, status: number, error: ApiError | Refusal): void => {
  const { errorType, message } = error;
  response.setHeader('x-amzn-errortype', errorType ?? 'InternalFailure');
  reply(response, status, { errors: [{ errorType, message }] });
};

const reply = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8' });
  response.end(JSON.stringify(body));
};
