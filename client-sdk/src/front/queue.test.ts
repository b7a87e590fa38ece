import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { StoredImage } from '../download.ts';
import { createTaskQueue } from './queue.ts';

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

/** An API or a CDN that answers so, and what it was asked. */
const serve = async (
  answer: (response: ServerResponse, count: number) => void,
): Promise<{ url: string; requests: IncomingMessage[] }> => {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => answer(response, requests.push(request)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
};

const imageAt = (url: string | null, content = 'a picture'): StoredImage => ({
  ...{ url, contentType: 'image/png', width: 8, height: 8, bytes: 9, seed: 1, infotext: null },
  sha256: createHash('sha256').update(content).digest('hex'),
});

const queueAt = (endpoint: string) => createTaskQueue({ endpoint, auth: { apiKey: 'da2-x' } });

describe('an image', () => {
  it('is asked for again until it is the one that was stored', async () => {
    const { url, requests } = await serve((response, count) => {
      if (count === 1) response.writeHead(503).end();
      else response.end(count === 2 ? 'half a pic' : 'a picture');
    });
    expect(String(await queueAt(url).downloadImage(imageAt(url)))).toBe('a picture');
    expect(requests).toHaveLength(3);
  });

  it('that can’t be had is an error which says so', async () => {
    const { url, requests } = await serve((response) => response.writeHead(403).end());
    await expect(queueAt(url).downloadImage(imageAt(url))).rejects.toThrow(/stored, but.*answered 403/);
    expect(requests).toHaveLength(3);
    await expect(queueAt(url).downloadImage(imageAt(null))).rejects.toThrow('has no address');
  });
});

describe('a request', () => {
  it('larger than the API takes is not sent, and says how large it is', async () => {
    const { url, requests } = await serve((response) => response.end());
    const payload = { init_images: ['x'.repeat(5_000_000)] };
    await expect(queueAt(url).submit({ api: '/sdapi/v1/img2img', payload })).rejects.toMatchObject({
      code: 'VALIDATION',
      message: expect.stringContaining('the limit is 5000000') as string,
    });
    expect(requests).toEqual([]);
  });
});

describe('models', () => {
  it('are asked for with the key', async () => {
    const models = [{ kind: 'VAE', name: 'v' }];
    const { url, requests } = await serve((response) => response.end(JSON.stringify({ data: { models } })));
    expect(await queueAt(url).models()).toEqual(models);
    expect(requests[0]?.headers['x-api-key']).toBe('da2-x');
  });

  it('of an API that refuses are an error that can be told', async () => {
    const { url } = await serve((response) =>
      response
        .writeHead(401, { 'x-amzn-errortype': 'UnauthorizedException' })
        .end(JSON.stringify({ errors: [{ errorType: 'UnauthorizedException', message: 'x' }] })),
    );
    await expect(queueAt(url).models()).rejects.toMatchObject({ code: 'UnauthorizedException' });
  });
});
