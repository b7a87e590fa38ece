import { createHash, randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPerCaller, toCaller } from './callers.ts';
import { createCatalogueReader } from './catalogue.ts';
import { toHttpError } from './failures.ts';
import { createJobs, type Job } from './jobs.ts';
import { createOptions } from './options.ts';
import type { TaskQueue } from './queue.ts';
import { createRoutes, type Reply, type Route } from './routes.ts';
import { httpException, unprocessable } from './wire/errors.ts';
import { bodyMissing, findRoute, parseJson, sendJson } from './wire/http.ts';

export interface FrontOptions {
  readonly queue: TaskQueue;
  /** 0, the default: any free port. */
  readonly port?: number;
  /** How long the task of a client that left is kept, 10 s unless told; null: it goes on to its end. */
  readonly graceMs?: number | null;
  /** Web pages that may use it, beside its own; `*`: all. None unless told. */
  readonly corsOrigins?: readonly string[];
  /** Told of every task that has ended. */
  readonly log?: (line: string) => void;
}

export interface Front {
  readonly url: string;
  /** Cancels the tasks whose clients are cut off by it. */
  readonly stop: () => Promise<void>;
}

const GRACE_MS = 10_000;
/** An input image, a mask, and what a client's habits add; the API itself takes 5 MB. */
const BODY_BYTES = 32_000_000;

/**
 * The API of Stable Diffusion WebUI v1.10.1 in front of the queue: a task behind every generation call. On 127.0.0.1 alone, as
 * everybody who reaches it spends the account's money.
 */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const { queue, port = 0, graceMs = GRACE_MS, corsOrigins = [], log } = options;
  const jobs = createJobs({
    submit: queue.submit,
    clock: Date.now,
    graceMs: graceMs ?? undefined,
    flagsOf: createPerCaller(() => ({ interrupted: false, skipped: false })),
    onEnd: (job) => log?.(toLine(job, Date.now())),
  });
  let listeningOn = 0;
  const routes = createRoutes({
    queue,
    jobs,
    catalogue: createCatalogueReader(queue, Date.now),
    optionsOf: createPerCaller(createOptions),
    // As the WebUI draws it.
    randomSeed: () => randomInt(0, 4_294_967_294),
    clock: Date.now,
    port: () => listeningOn,
  });

  const server = createServer((request, response) => {
    void handle(request, response, routes, corsOrigins).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  listeningOn = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${listeningOn}`,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await jobs.stop();
      server.closeAllConnections();
      await closed;
    },
  };
};

const toLine = (job: Job, now: number): string => {
  const { id = 'not accepted', status = '' } = job.latest() ?? {};
  return `${job.work.kind} ${id} ${status} ${((now - job.startedAt) / 1000).toFixed(1)} s`.replace('  ', ' ');
};

const handle = async (
  request: IncomingMessage,
  response: ServerResponse,
  routes: Readonly<Record<string, Route>>,
  corsOrigins: readonly string[],
): Promise<void> => {
  const startedAt = performance.now();
  const left = new AbortController();
  response.once('close', () => left.abort(new Error('The client has left')));
  try {
    checkHost(request);
    if (admitOrigin(request, response, corsOrigins)) return;
    const url = new URL(request.url ?? '/', 'http://front');
    const route = findRoute(routes, request.method ?? 'GET', url.pathname);
    const raw = request.method === 'POST' ? await readBody(request) : '';
    const reply = await route({
      body: toBody(request, raw, url.pathname),
      fingerprint: createHash('sha256').update(raw).digest('hex'),
      query: url.searchParams,
      caller: toCaller(request),
      signal: left.signal,
    });
    response.setHeader('x-process-time', ((performance.now() - startedAt) / 1000).toFixed(4));
    send(request, response, reply);
  } catch (error) {
    if (left.signal.aborted) return;
    const { status, body } = toHttpError(error);
    if (status !== 500) response.setHeader('x-process-time', '0.0001');
    sendJson(request, response, status, JSON.stringify(body));
  }
};

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** A name of somebody else's that points to this machine would let their page ask as if it were ours (DNS rebinding). */
const checkHost = ({ headers: { host = '' } }: IncomingMessage): void => {
  if (!LOOPBACK.test(host)) throw httpException(403, 'Only for clients on this machine');
};

/** Answers a preflight, and then there is nothing left to do. A page of a stranger is refused, not just kept from reading. */
const admitOrigin = (
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  allowed: readonly string[],
): boolean => {
  const { origin, host } = headers;
  if (origin === undefined || origin === `http://${host}`) return false;
  if (!allowed.includes('*') && !allowed.includes(origin)) {
    throw httpException(403, `Not for pages of ${origin}: see --cors-allow-origins`);
  }
  response.setHeader('access-control-allow-origin', origin).setHeader('vary', 'origin');
  response.setHeader('access-control-allow-credentials', 'true');
  if (method !== 'OPTIONS') return false;
  response
    .writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
    })
    .end();
  return true;
};

/** One that is too large is read to its end, and forgotten: a client that is cut off would not hear why. */
const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (bytes > BODY_BYTES) throw httpException(413, `The request has more than ${BODY_BYTES} bytes`);
  return Buffer.concat(chunks).toString();
};

/** Where a body is not needed an empty one is fine. */
const toBody = ({ method, headers }: IncomingMessage, raw: string, path: string): unknown => {
  if (method !== 'POST') return undefined;
  if (raw === '') {
    if (/(img2img|txt2img|single-image|png-info|options|internal\/progress)$/.test(path)) throw bodyMissing();
    return undefined;
  }
  // As with the real one; and it keeps out the forms that any page may send.
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw unprocessable([{ loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' }]);
  }
  return parseJson(raw);
};

const send = (request: IncomingMessage, response: ServerResponse, reply: Reply): void => {
  if ('json' in reply) return sendJson(request, response, 200, JSON.stringify(reply.json));
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(reply.html);
};
