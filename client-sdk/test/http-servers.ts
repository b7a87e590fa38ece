import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StoredImage } from '../src/download.ts';

/** An API or a CDN that answers so, and what it was asked. */
export type Serve = (
  answer: (response: ServerResponse, count: number, request: IncomingMessage) => void,
) => Promise<{ readonly url: string; readonly requests: readonly IncomingMessage[] }>;

export const createHttpServers = (): { readonly serve: Serve; readonly stop: () => Promise<void> } => {
  const stops: (() => Promise<void>)[] = [];
  const serve: Serve = async (answer) => {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => answer(response, requests.push(request), request));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
  };
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.splice(0)) await stopOne();
  };
  return { serve, stop };
};

export const imageAt = (url: string | null, content = 'a picture'): StoredImage => ({
  ...{ url, contentType: 'image/png', width: 8, height: 8, bytes: 9, seed: 1, infotext: null },
  sha256: createHash('sha256').update(content).digest('hex'),
});
