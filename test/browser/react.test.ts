import { encode } from 'fast-png';
import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, useStack } from '../helpers/stack.ts';
import { startAppServer, type AppServer } from './app-server.ts';
import { openPage, useBrowser, type Observed } from './browser.ts';

/* The hooks, as people use a page: clicking, leaving, loading it anew. */

const stackOf = useStack({ webui: { arguments: ['--profile', 'demo'] } });
const browserOf = useBrowser();
let server: AppServer | undefined;
beforeAll(async () => {
  server = await startAppServer('react-app.ts');
});
afterAll(async () => {
  await server?.stop();
});

const openApp = async (search = ''): Promise<Observed> => {
  const observed = await openPage(browserOf());
  const { urls, apiKey } = stackOf();
  await observed.page.goto(`${server?.pageFor(urls.graphql, apiKey ?? '') ?? ''}${search}`);
  return observed;
};

const click = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const shows = (page: Page, title: string, text: string) =>
  page.locator(`output[title=${title}]`, { hasText: text }).waitFor();
const idOf = (page: Page) => page.locator('output[title=id]').innerText();

describe('useGenerate', () => {
  it('submits once under StrictMode, shows progress and the image', async () => {
    const { page, problems } = await openApp();
    const before = (await clientOf(stackOf()).list()).items.length;
    await click(page, 'Generate');
    await shows(page, 'status', 'RUNNING');
    await page.locator('output[title=step]', { hasText: /[1-9]/ }).waitFor();
    await page.getByRole('img', { name: 'result' }).waitFor();
    await shows(page, 'state', 'idle');
    expect((await clientOf(stackOf()).list()).items).toHaveLength(before + 1);
    expect(problems).toEqual([]);
  });

  it('goes on with its task when the page is loaded anew', async () => {
    const { page } = await openApp();
    await click(page, 'Generate');
    await shows(page, 'status', 'RUNNING');
    const id = await idOf(page);
    await page.reload();
    await page.getByRole('img', { name: 'result' }).waitFor();
    expect(await idOf(page)).toBe(id);
  });

  it('forgets a task that never came to be', async () => {
    const { page } = await openApp();
    await page.evaluate((id) => sessionStorage.setItem('task', id), crypto.randomUUID());
    await page.reload();
    // It is live until the API has said twice that there is no such task: too short to be looked for.
    await page.waitForFunction(() => sessionStorage.getItem('task') === null);
    await shows(page, 'state', 'idle');
  });

  it('cancels, and says so', async () => {
    const { page } = await openApp();
    await click(page, 'Generate');
    await shows(page, 'status', 'RUNNING');
    await click(page, 'Cancel');
    await shows(page, 'error', 'TaskCanceledError');
  });

  it('says what was wrong with an input', async () => {
    const { page } = await openApp();
    await click(page, 'Generate wrongly');
    await shows(page, 'error', 'ValidationError: txt2img.width');
    await shows(page, 'state', 'idle');
  });

  it('leaves its task alone when the component goes away, or cancels it where that was asked for', async () => {
    for (const [search, end] of [
      ['', 'SUCCEEDED'],
      ['&cancel=1', 'CANCELED'],
    ] as const) {
      const { page } = await openApp(search);
      await click(page, 'Generate');
      await shows(page, 'status', 'RUNNING');
      const id = await idOf(page);
      await click(page, 'Toggle');
      let status: string = '';
      for await (const task of clientOf(stackOf()).task(id).updates()) ({ status } = task);
      expect(status).toBe(end);
    }
  });

  it('uploads a file, across origins', async () => {
    const { page, problems, preflights } = await openApp();
    const data = new Uint8Array(randomBytes(256 * 256 * 3));
    const buffer = Buffer.from(encode({ width: 256, height: 256, channels: 3, data }));
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'noise.png', mimeType: 'image/png', buffer });
    const image = page.getByRole('img', { name: 'result' });
    await image.waitFor();
    expect(await image.evaluate((element) => (element as HTMLImageElement).decode())).toBeUndefined();
    expect(preflights.some((url) => url.startsWith(stackOf().urls.aws))).toBe(true);
    expect(problems).toEqual([]);
  });
});

describe('useTasks and useTask', () => {
  it('keep every task on the page up to date, over one socket', async () => {
    const { page, sockets } = await openApp();
    const board = page.getByRole('region', { name: 'board' });
    const handle = await clientOf(stackOf()).txt2img({ prompt: 'x', width: 64, height: 64, steps: 100 });
    await click(page, 'Refresh');
    for (const list of ['ol', 'ul']) {
      await board.locator(`${list} li:first-child`, { hasText: 'RUNNING' }).waitFor();
    }
    await handle.result();
    for (const list of ['ol', 'ul']) {
      await board.locator(`${list} li:first-child`, { hasText: 'SUCCEEDED' }).waitFor();
    }
    expect(sockets()).toBe(1);
  });
});
