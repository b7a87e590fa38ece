import { request } from 'undici';
import { TaskError } from '../../../contract/errors.ts';

export interface WebuiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** The WebUI's HTTP API: JSON there and back. */
export interface WebuiClient {
  /** A call that is answered at once. Throws `TaskError` when it is not. */
  readonly get: (path: string) => Promise<WebuiResponse>;
  readonly post: (path: string) => Promise<WebuiResponse>;
  /** A call that is answered when the picture is done: no time limit but the signal's. Never sent twice. */
  readonly generate: (path: string, body: object, signal: AbortSignal) => Promise<WebuiResponse>;
}

const POLL_TIMEOUT_MS = 5000;
/** Four 4-megapixel PNGs in base64, with room to spare. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export const createWebuiClient = (baseUrl: string): WebuiClient => {
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<WebuiResponse> => {
    try {
      const response = await request(`${baseUrl}${path}`, {
        method,
        // Base64 over loopback gains nothing by gzip, and the WebUI would do it in its event loop.
        headers: { 'accept-encoding': 'identity', ...(body && { 'content-type': 'application/json' }) },
        body: body ? JSON.stringify(body) : null,
        // The WebUI sends no byte before a picture is done; the signal is the limit.
        headersTimeout: 0,
        bodyTimeout: 0,
        signal,
      });
      return { status: response.statusCode, body: await readJson(response.body, response.statusCode) };
    } catch (error) {
      if (error instanceof TaskError) throw error;
      if (signal.aborted) throw signal.reason;
      throw new TaskError('WEBUI_UNREACHABLE', `The WebUI did not answer: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  };

  const quick = async (method: 'GET' | 'POST', path: string): Promise<WebuiResponse> => {
    const timeout = AbortSignal.timeout(POLL_TIMEOUT_MS);
    try {
      return await call(method, path, timeout);
    } catch (error) {
      if (error !== timeout.reason) throw error;
      const message = `The WebUI did not answer ${path} within ${POLL_TIMEOUT_MS / 1000} s`;
      throw new TaskError('WEBUI_UNREACHABLE', message, { cause: error });
    }
  };

  return {
    get: (path) => quick('GET', path),
    post: (path) => quick('POST', path),
    generate: (path, body, signal) => call('POST', path, signal, body),
  };
};

const reasonOf = (error: unknown): string =>
  (error as { code?: string }).code ?? (error instanceof Error ? error.message : String(error));

const readJson = async (body: AsyncIterable<Buffer>, status: number): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new TaskError('BAD_RESULT', `The WebUI sent more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (error) {
    // Behind a proxy an error is a page.
    if (status !== 200) return undefined;
    throw new TaskError('BAD_RESULT', 'The WebUI sent something that is not JSON', { cause: error });
  }
};
