import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { a1111At, type A1111 } from '../../test/helpers/a1111.ts';
import { startSdWebui, type SdWebui } from './server.ts';

/*
 * What WebUI v1.10.1 does beyond what a client may rely on: its queue, its silent fallbacks, its way with clients that leave. The
 * worker has to live with these. With SD_WEBUI_URL set the suite runs on that server instead of the stand-in.
 */

const target = process.env.SD_WEBUI_URL;
let server: SdWebui;
let webui: A1111;

beforeAll(async () => {
  server = target
    ? { url: target, stop: () => Promise.resolve() }
    : await startSdWebui({ profile: 'demo', timeScale: 0.5 });
  webui = a1111At(server.url);
});
afterAll(() => server.stop());

const SMALL = { width: 64, height: 64, steps: 3 };

describe('a WebUI', () => {
  it('uses the first sampler for an unknown one and keeps the model for an unknown checkpoint, silently', async () => {
    const { parsed } = await webui.txt2img({
      ...SMALL,
      sampler_name: 'no such sampler',
      override_settings: { sd_model_checkpoint: 'no such model' },
    });
    expect(parsed).toMatchObject({ sampler_name: 'DPM++ 2M', sd_model_name: 'v1-5-pruned-emaonly' });
  });

  it('keeps the size asked for in its texts, whatever it cuts off', async () => {
    const { images, parsed } = await webui.txt2img({ ...SMALL, width: 71 });
    expect([decode(Buffer.from(images[0] ?? '', 'base64')).width, parsed.width]).toEqual([64, 71]);
  });

  it('reports a KeyError for an unknown override', async () => {
    const response = await webui.post('txt2img', { ...SMALL, override_settings: { nope: 1 } });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: 'KeyError', errors: "'nope'" });
  });

  it('has an exception of Python for an upscaler that it does not have', async () => {
    const { images } = await webui.txt2img({ ...SMALL, seed: 1 });
    const unknown = await webui.post('extra-single-image', { image: images[0], upscaler_1: 'nope' });
    expect(await unknown.json()).toMatchObject({ error: 'AssertionError' });
  });

  it('shows a preview after ten steps, and what an interrupted batch had come to', async () => {
    const running = webui.txt2img({ width: 64, height: 64, steps: 150, n_iter: 3, prompt: 'long' });
    const seen = await webui.until(({ state }) => state.sampling_step >= 12 && state.sampling_steps === 150);
    expect(seen.at(-1)?.current_image).toMatch(/^iVBOR/);
    await webui.post('interrupt');
    expect((await running).images).toHaveLength(1);
  });

  it('serves three requests in the order they came, and goes on when a client leaves', async () => {
    const finished: number[] = [];
    const leaving = new AbortController();
    const body = { width: 64, height: 64, steps: 20, prompt: 'left alone' };
    const left = webui.post('txt2img', body, { signal: leaving.signal });
    await webui.until(({ state }) => state.sampling_steps === 20);
    const queued = [1, 2, 3].map((seed) => webui.txt2img({ ...SMALL, seed }).then(() => finished.push(seed)));
    leaving.abort();
    await expect(left).rejects.toThrow();
    // The job of the client that left still runs, the others wait behind it.
    expect((await webui.progress()).state.sampling_steps).toBe(20);
    await Promise.all(queued);
    expect(finished).toEqual([1, 2, 3]);
  });

  it('tells how often its memory did not suffice', async () => {
    expect(await webui.get('memory')).toMatchObject({ cuda: { events: { oom: 0 } } });
  });
});

describe('the stand-in alone', () => {
  it('asks for the password it was given', async () => {
    const guarded = await startSdWebui({ apiAuth: 'me:secret' });
    try {
      const response = await fetch(`${guarded.url}/sdapi/v1/samplers`);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, null]);
      const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
      const allowed = await fetch(`${guarded.url}/sdapi/v1/samplers`, { headers: { authorization } });
      expect(allowed.status).toBe(200);
    } finally {
      await guarded.stop();
    }
  });

  it('provokes faults only where that is allowed', async () => {
    const faulty = await startSdWebui({ allowFaultMarkers: true });
    try {
      const body = { ...SMALL, prompt: '[[fault:oom]]' };
      const response = await a1111At(faulty.url).post('txt2img', body);
      expect([response.status, await response.json()]).toEqual([
        500,
        expect.objectContaining({ error: 'OutOfMemoryError' }),
      ]);
      expect((await webui.post('txt2img', body)).status).toBe(200);
    } finally {
      await faulty.stop();
    }
  });
});
