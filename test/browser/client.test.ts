import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { clientOf, useStack } from '../helpers/stack.ts';
import { startAppServer, type AppServer } from './app-server.ts';
import { openPage, useBrowser, type Observed } from './browser.ts';
import { startCable } from './cable.ts';

/* The client in a browser: bundled, and from another origin than the API and the CDN. */

const stackOf = useStack({ webui: { arguments: ['--profile', 'demo'] } });
const browserOf = useBrowser();
let server: AppServer | undefined;
beforeAll(async () => {
  server = await startAppServer();
});
afterAll(async () => {
  await server?.stop();
});

/** Three seconds of work, so that progress is pushed. */
const LIGHTHOUSE = { prompt: 'a lighthouse', width: 64, height: 64, steps: 100, seed: 7 };

const openApp = async (endpoint = stackOf().urls.graphql): Promise<Observed> => {
  const observed = await openPage(browserOf());
  await observed.page.goto(server?.pageFor(endpoint, stackOf().apiKey ?? '') ?? '');
  return observed;
};

const newestOf = async (stack: LocalStack) => (await clientOf(stack).list({ limit: 1 })).items[0];

describe('a web page with the client', () => {
  it('submits across origins, is pushed every state, and shows the image from the CDN', async () => {
    const { page, problems, hosts, frames, preflights } = await openApp();
    const updates = await page.evaluate((input) => window.app.run(input), { txt2img: LIGHTHOUSE });

    const statuses = updates.map(({ status }) => status).filter((status) => status !== 'QUEUED');
    expect(new Set(statuses)).toEqual(new Set(['RUNNING', 'SUCCEEDED']));
    expect(statuses.at(-1)).toBe('SUCCEEDED');
    const versions = updates.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right));
    expect(updates.flatMap(({ progress }) => progress?.step ?? [])).not.toEqual([]);

    // Pushed, over a real socket: none of the above was found out by asking.
    const types = frames.map((frame) => (JSON.parse(frame) as { type: string }).type);
    expect(types.slice(0, 3)).toEqual(['connection_ack', 'ka', 'start_ack']);
    expect(types.filter((type) => type === 'data').length).toBeGreaterThanOrEqual(3);
    expect(preflights).toContain(stackOf().urls.graphql);

    const url = updates.at(-1)?.images?.[0]?.url ?? '';
    expect(url).toContain(stackOf().urls.cdn);
    const picture = await page.evaluate((image) => window.app.show(image), url);
    expect(picture).toEqual({ contentType: 'image/png', width: 64 });
    expect(problems).toEqual([]);
    expect(hosts).toEqual(new Set(['127.0.0.1']));
  });

  it('learns which field was wrong', async () => {
    const { page } = await openApp();
    const input = { txt2img: { ...LIGHTHOUSE, width: 65 } };
    const refusal = await page.evaluate((wrong) => window.app.refusal(wrong), input);
    expect(refusal).toEqual({ isApiError: true, code: 'VALIDATION', field: 'txt2img.width' });
  });

  it('asks when the network is back, long before silence would have it ask', async () => {
    const stack = stackOf();
    const before = await newestOf(stack);
    const lift = stack.faults.inject({ calls: ['AppSync.push'], fault: { kind: 'silent' } });
    try {
      const { page } = await openApp();
      const running = page.evaluate((input) => window.app.run(input), {
        txt2img: { ...LIGHTHOUSE, steps: 30 },
      });
      const startedAt = performance.now();
      await vi.waitFor(
        async () => {
          const newest = await newestOf(stack);
          expect([newest?.id === before?.id, newest?.status]).toEqual([false, 'SUCCEEDED']);
        },
        { timeout: 10_000, interval: 100 },
      );
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      expect((await running).at(-1)?.status).toBe('SUCCEEDED');
      expect(performance.now() - startedAt).toBeLessThan(13_000);
    } finally {
      lift();
    }
  });

  it('gets its image although the connection was cut while the task ran', async () => {
    const cable = await startCable(stackOf().urls.graphql);
    try {
      const { page, frames, sockets } = await openApp(cable.url);
      const opened = page.waitForEvent('websocket');
      const running = page.evaluate((input) => window.app.run(input), {
        txt2img: { ...LIGHTHOUSE, steps: 30 },
      });
      const started = opened.then((socket) =>
        socket.waitForEvent('framereceived', { predicate: ({ payload }) => payload.includes('"RUNNING"') }),
      );
      await Promise.race([started, running]);
      cable.cut();
      const updates = await running;
      expect(updates.at(-1)).toMatchObject({ status: 'SUCCEEDED', images: [{ width: 64 }] });
      // The end came while nobody was connected: it was asked for once the second socket stood.
      expect(sockets()).toBe(2);
      expect(frames.filter((frame) => frame.includes('"SUCCEEDED"'))).toEqual([]);
    } finally {
      await cable.stop();
    }
  });
});
