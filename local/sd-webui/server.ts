import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { httpException, HttpError, unhandled } from '../../client-sdk/src/front/wire/errors.ts';
import { bodyMissing, findRoute, parseJson, sendJson } from '../../client-sdk/src/front/wire/http.ts';
import { createEngine } from './engine.ts';
import { createRoutes, type Reply, type Route } from './routes.ts';
import { PROFILES } from './timing.ts';

export interface SdWebuiOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** A GPU and a family of models from `PROFILES`; `instant` unless told. */
  readonly profile?: string;
  /** Multiplies every duration of the profile; 1 unless told. */
  readonly timeScale?: number;
  /** `user:password` for Basic authentication. */
  readonly apiAuth?: string;
  /** Lets prompts such as `[[fault:oom]]` provoke faults. */
  readonly allowFaultMarkers?: boolean;
  /** Told of every request: method and path. */
  readonly onRequest?: (line: string) => void;
}

export interface SdWebui {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * A Stable Diffusion WebUI v1.10.1 in `--nowebui` mode, as far as HTTP can tell, without a GPU: the pictures are painted by
 * number.
 */
export const startSdWebui = async (options: SdWebuiOptions = {}): Promise<SdWebui> => {
  const {
    port = 0,
    profile = 'instant',
    timeScale = 1,
    apiAuth,
    allowFaultMarkers = false,
    onRequest,
  } = options;
  const timing = PROFILES[profile];
  if (!timing) throw new Error(`There is no profile ${profile}. Known: ${Object.keys(PROFILES).join(', ')}`);
  const engine = createEngine({ timeScale, allowFaultMarkers });
  const routes = createRoutes({ engine, timing, pause: (ms) => delay(ms * timeScale) });

  const server = createServer((request, response) => {
    onRequest?.(`${request.method} ${request.url}`);
    void handle(request, response, routes, apiAuth).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const handle = async (
  request: IncomingMessage,
  response: ServerResponse,
  routes: Readonly<Record<string, Route>>,
  apiAuth: string | undefined,
): Promise<void> => {
  const startedAt = performance.now();
  const url = new URL(request.url ?? '/', 'http://webui');
  try {
    // A client that goes away does not end its job.
    const raw = await text(request);
    if (url.pathname === '/docs') {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end('<title>FastAPI - Swagger UI</title>');
      return;
    }
    const route = findRoute(routes, request.method ?? 'GET', url.pathname);
    if (url.pathname.startsWith('/sdapi/')) authenticate(request, apiAuth);
    const body = request.method === 'POST' ? parseBody(raw, url.pathname) : undefined;
    const reply = await route({ body, query: url.searchParams });
    response.setHeader('x-process-time', ((performance.now() - startedAt) / 1000).toFixed(4));
    answer(request, response, reply);
  } catch (error) {
    const failure = error instanceof HttpError ? error : unhandled('Exception', String(error));
    if (failure.status !== 500) response.setHeader('x-process-time', '0.0001');
    sendJson(request, response, failure.status, JSON.stringify(failure.body));
  }
};

/** Without a WWW-Authenticate header: v1.10.1 loses it. */
const authenticate = (request: IncomingMessage, apiAuth: string | undefined): void => {
  if (apiAuth === undefined) return;
  const { authorization } = request.headers;
  if (authorization === undefined) throw httpException(401, 'Not authenticated');
  const given = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  if (given !== apiAuth) throw httpException(401, 'Incorrect username or password');
};

/** Where a body is not needed an empty one is fine. */
const parseBody = (raw: string, path: string): unknown => {
  if (raw !== '') return parseJson(raw);
  if (/(img2img|txt2img|single-image|png-info|options)$/.test(path)) throw bodyMissing();
  return undefined;
};

const answer = (request: IncomingMessage, response: ServerResponse, { body, fault }: Reply): void => {
  const json = JSON.stringify(body);
  switch (fault) {
    case 'truncate':
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(json),
      });
      response.write(json.slice(0, json.length >> 1), () => response.destroy());
      return;
    case 'bad-json':
      return sendJson(request, response, 200, json.slice(0, -2));
    case 'html-502':
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html><h1>502 Bad Gateway</h1></html>');
      return;
    default:
      return sendJson(request, response, 200, json);
  }
};
