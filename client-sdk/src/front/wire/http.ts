import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { type HttpError, plainDetail, unprocessable } from './errors.ts';

/** By method and path, `GET /sdapi/v1/progress`. Unknown ones are answered as FastAPI does. */
export const findRoute = <Route>(
  routes: Readonly<Record<string, Route>>,
  method: string,
  path: string,
): Route => {
  const route = Object.hasOwn(routes, `${method} ${path}`) ? routes[`${method} ${path}`] : undefined;
  if (route) return route;
  const exists = ['GET', 'POST'].some((other) => Object.hasOwn(routes, `${other} ${path}`));
  throw exists ? plainDetail(405, 'Method Not Allowed') : plainDetail(404, 'Not Found');
};

export const bodyMissing = (): HttpError =>
  unprocessable([{ loc: ['body'], msg: 'field required', type: 'value_error.missing' }]);

/** Broken JSON is refused with the whole of it. */
export const parseJson = (raw: string): unknown => {
  try {
    return JSON.parse(raw) as unknown;
  } catch (error) {
    const at = Number(/position (\d+)/.exec(String(error))?.[1] ?? 0);
    throw unprocessable([
      {
        loc: ['body', at],
        msg: `Expecting value: line 1 column ${at + 1} (char ${at})`,
        type: 'value_error.jsondecode',
        ctx: { msg: 'Expecting value', doc: raw, pos: at, lineno: 1, colno: at + 1 },
      },
    ]);
  }
};

const GZIP_FROM_BYTES = 1000;

/** Compressed for those who accept it, unless it is small. */
export const sendJson = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  json: string,
): void => {
  response.setHeader('content-type', 'application/json');
  const accepts = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!accepts || json.length < GZIP_FROM_BYTES) {
    response.writeHead(status).end(json);
    return;
  }
  gzip(json, (error, compressed) => {
    if (error) return void response.destroy(error);
    response.appendHeader('vary', 'Accept-Encoding');
    response.writeHead(status, { 'content-encoding': 'gzip' }).end(compressed);
  });
};
