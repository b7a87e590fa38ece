import { afterEach, describe, expect, it, vi } from 'vitest';
import { toSucceeded } from '../test/fakes.ts';
import { createHttpServers, imageAt } from '../test/http-servers.ts';
import { createDownloadImage, type StoredImage } from './download.ts';

const { serve, stop } = createHttpServers();
afterEach(stop);

const answering = (...images: StoredImage[]) =>
  vi.fn(() => Promise.resolve({ ...toSucceeded('a', 3), images }));

describe('an image', () => {
  it('is asked for again until it is the one that was stored', async () => {
    const { url, requests } = await serve((response, count) => {
      if (count === 1) response.writeHead(503).end();
      else response.end(count === 2 ? 'half a pic' : 'a picture');
    });
    const askAgain = answering(imageAt(url));
    expect(String(await createDownloadImage(askAgain)(imageAt(url)))).toBe('a picture');
    expect(requests).toHaveLength(3);
    expect(askAgain).not.toHaveBeenCalled();
  });

  it('whose address has expired is had from a fresh one', async () => {
    const { url, requests } = await serve((response, count) => {
      if (count === 1) response.writeHead(403).end();
      else response.end('a picture');
    });
    const askAgain = answering(imageAt(`${url}/other`, 'another'), imageAt(`${url}/fresh`));
    expect(String(await createDownloadImage(askAgain)(imageAt(`${url}/old`)))).toBe('a picture');
    expect(requests.map((request) => request.url)).toEqual(['/old', '/fresh']);
    expect(askAgain).toHaveBeenCalledOnce();
  });

  it('that was told without an address is asked for one', async () => {
    const { url } = await serve((response) => response.end('a picture'));
    expect(String(await createDownloadImage(answering(imageAt(url)))(imageAt(null)))).toBe('a picture');
  });

  it('that can’t be had is an error which says so, and its task is asked for once', async () => {
    const { url, requests } = await serve((response) => response.writeHead(403).end());
    const askAgain = answering(imageAt(url));
    await expect(createDownloadImage(askAgain)(imageAt(url))).rejects.toThrow(/stored, but.*answered 403/);
    expect(requests).toHaveLength(3);
    expect(askAgain).toHaveBeenCalledOnce();
    const nowhere = createDownloadImage(answering(imageAt(null)));
    await expect(nowhere(imageAt(null))).rejects.toThrow('has no address');
    const away = createDownloadImage(() => Promise.reject(new Error('No answer came')));
    await expect(away(imageAt(url))).rejects.toThrow(/stored, but.*No answer came/);
  });
});
