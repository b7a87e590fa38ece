import { afterEach, describe, expect, it } from 'vitest';
import { toSucceeded } from '../../test/fakes.ts';
import { createHttpServers, imageAt } from '../../test/http-servers.ts';
import { createTaskQueue } from './queue.ts';

const { serve, stop } = createHttpServers();
afterEach(stop);

const queueAt = (endpoint: string) => createTaskQueue({ endpoint, auth: { apiKey: 'da2-x' } });

describe('the images of a task', () => {
  it('are downloaded from fresh addresses where the CDN refuses those that were told, asked for once', async () => {
    const cdn = await serve((response, _count, { url }) => {
      if (url?.endsWith('?signed=anew')) response.end(url.startsWith('/1') ? 'a picture' : 'another');
      else response.writeHead(403).end();
    });
    const images = [imageAt(`${cdn.url}/1`), imageAt(`${cdn.url}/2`, 'another')];
    const fresh = images.map((image) => ({ ...image, url: `${image.url}?signed=anew` }));
    const task = { ...toSucceeded('a', 3), images: fresh };
    const api = await serve((response) => response.end(JSON.stringify({ data: { task } })));

    const downloadImage = queueAt(api.url).createDownloadImage({ id: 'a' });
    expect((await Promise.all(images.map(downloadImage))).map(String)).toEqual(['a picture', 'another']);
    expect(api.requests).toHaveLength(1);
    expect(cdn.requests).toHaveLength(4);
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
