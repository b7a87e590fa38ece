import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from 'fast-png';
import { readParameters } from '../../client-sdk/src/front/wire/png-text.ts';
import { startSdWebui, type SdWebui } from './server.ts';

/*
 * What WebUI v1.10.1 does on the wire. The suite runs on the stand-in; with SD_WEBUI_URL set it runs on that server instead,
 * which should have the checkpoint v1-5-pruned-emaonly.
 */

const target = process.env.SD_WEBUI_URL;
let webui: SdWebui;
let url: string;

beforeAll(async () => {
  webui = target
    ? { url: target, stop: () => Promise.resolve() }
    : await startSdWebui({ profile: 'demo', timeScale: 0.5 });
  url = webui.url;
});
afterAll(() => webui.stop());

const post = (path: string, body?: unknown, base = url): Promise<Response> =>
  fetch(`${base}/sdapi/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

const get = async (path: string): Promise<unknown> => (await fetch(`${url}/sdapi/v1/${path}`)).json();

interface Progress {
  progress: number;
  eta_relative: number;
  current_image: string | null;
  state: {
    interrupted: boolean;
    job: string;
    job_count: number;
    sampling_step: number;
    sampling_steps: number;
  };
}
const progress = (): Promise<Progress> => get('progress') as Promise<Progress>;

interface Result {
  images: string[];
  parameters: Record<string, unknown>;
  info: string;
}
const SMALL = { width: 64, height: 64, steps: 3 };

const make = async (body: object): Promise<Result & { info: string; parsed: Record<string, unknown> }> => {
  const result = (await (await post('txt2img', body)).json()) as Result;
  return { ...result, parsed: JSON.parse(result.info) as Record<string, unknown> };
};

/** Polls until the condition holds: the server has no other way to tell. */
const until = async (condition: (now: Progress) => boolean): Promise<Progress[]> => {
  const seen: Progress[] = [];
  for (;;) {
    const now = await progress();
    seen.push(now);
    if (condition(now)) return seen;
  }
};

describe('txt2img', () => {
  it('answers an empty request with v1.10.1 defaults, echoing the request as parsed', async () => {
    const { parameters, images, parsed } = await make({ width: 64, height: 64, steps: 1, seed: 5 });
    expect(parameters).toMatchObject({
      prompt: '',
      sampler_index: 'Euler',
      sampler_name: null,
      denoising_strength: null,
      batch_size: 1,
      cfg_scale: 7,
      save_images: false,
      hr_scale: 2,
    });
    expect(images).toHaveLength(1);
    expect(parsed).toMatchObject({ sampler_name: 'Euler', all_seeds: [5], index_of_first_image: 0 });
  });

  it('draws the same bytes for the same request and others for another seed or prompt', async () => {
    const request = { ...SMALL, prompt: 'a cat', seed: 7 };
    const [first, again, otherSeed, otherPrompt] = await Promise.all([
      make(request),
      make(request),
      make({ ...request, seed: 8 }),
      make({ ...request, prompt: 'a dog' }),
    ]);
    expect(again.images).toEqual(first.images);
    expect(otherSeed.images).not.toEqual(first.images);
    expect(otherPrompt.images).not.toEqual(first.images);
  });

  it('counts seeds up over a batch and writes one infotext for each image', async () => {
    const { images, parsed } = await make({ ...SMALL, prompt: 'x', seed: 10, batch_size: 3 });
    expect(images).toHaveLength(3);
    expect(parsed.all_seeds).toEqual([10, 11, 12]);
    expect((parsed.infotexts as string[])[2]).toContain('Seed: 12');
  });

  it('writes the infotext into the file, in iTXt where Latin-1 does not suffice', async () => {
    for (const prompt of ['a lighthouse', '灯台 at dusk']) {
      const { images, parsed } = await make({ ...SMALL, prompt, negative_prompt: 'fog', seed: 1 });
      const text = readParameters(Buffer.from(images[0] ?? '', 'base64'));
      expect(text).toBe((parsed.infotexts as string[])[0]);
      expect(text).toMatch(new RegExp(`^${prompt}\nNegative prompt: fog\nSteps: 3, Sampler: Euler, `));
    }
  });

  it('uses the first sampler for an unknown one and keeps the model for an unknown checkpoint, silently', async () => {
    const { parsed } = await make({
      ...SMALL,
      sampler_name: 'no such sampler',
      override_settings: { sd_model_checkpoint: 'no such model' },
    });
    expect(parsed).toMatchObject({ sampler_name: 'DPM++ 2M', sd_model_name: 'v1-5-pruned-emaonly' });
  });

  it('cuts a size down to a multiple of 8 while the texts keep the size asked for', async () => {
    const { images, parsed } = await make({ ...SMALL, width: 71 });
    const { width } = decode(Buffer.from(images[0] ?? '', 'base64'));
    expect([width, parsed.width]).toEqual([64, 71]);
  });

  it.each([
    ['a wrong type', { steps: 'many' }, 422, { loc: ['body', 'steps'], type: 'type_error.integer' }],
    ['a list for a string', { prompt: ['x'] }, 422, { loc: ['body', 'prompt'], type: 'type_error.str' }],
    ['null where none is allowed', { send_images: null }, 422, { type: 'type_error.none.not_allowed' }],
  ])('refuses %s as pydantic does', async (_name, body, status, detail) => {
    const response = await post('txt2img', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ detail: [detail] });
  });

  it('refuses broken JSON, echoing it', async () => {
    const response = await post('txt2img', '{"prompt": ');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      detail: [{ type: 'value_error.jsondecode', ctx: { doc: '{"prompt": ' } }],
    });
  });

  it('knows no script of that name', async () => {
    const response = await post('txt2img', { ...SMALL, script_name: 'nope' });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: 'HTTPException',
      detail: "Script 'nope' not found",
    });
  });

  it('reports a KeyError for an unknown override', async () => {
    const response = await post('txt2img', { ...SMALL, override_settings: { nope: 1 } });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: 'KeyError', errors: "'nope'" });
  });
});

describe('img2img and extras', () => {
  it('answers 404 without an initial image', async () => {
    const response = await post('img2img', SMALL);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: 'Init image not found' });
  });

  it('answers 500 for an image that is none', async () => {
    const response = await post('img2img', { ...SMALL, init_images: ['bm90IGFuIGltYWdl'] });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ detail: 'Invalid encoded image' });
  });

  it('keeps to the initial image as the denoising strength goes to 0', async () => {
    const { images } = await make({ ...SMALL, prompt: 'a', seed: 1 });
    const request = { ...SMALL, init_images: images, prompt: 'b', seed: 2 };
    const distance = async (denoising_strength: number): Promise<number> => {
      const response = await post('img2img', { ...request, denoising_strength });
      const [image = ''] = ((await response.json()) as Result).images;
      const before = [...decode(Buffer.from(images[0] ?? '', 'base64')).data];
      const after = [...decode(Buffer.from(image, 'base64')).data];
      return before.reduce((sum, value, index) => sum + Math.abs(value - (after[index] ?? 0)), 0);
    };
    expect(await distance(0)).toBe(0);
    expect(await distance(0.9)).toBeGreaterThan(await distance(0.2));
  });

  it('upscales, and names an upscaler that it does not have', async () => {
    const { images } = await make({ ...SMALL, seed: 1 });
    const response = await post('extra-single-image', {
      image: images[0],
      upscaler_1: 'Lanczos',
      upscaling_resize: 2,
    });
    const { image } = (await response.json()) as { image: string };
    expect(decode(Buffer.from(image, 'base64'))).toMatchObject({ width: 128, height: 128 });
    const unknown = await post('extra-single-image', { image: images[0], upscaler_1: 'nope' });
    expect(await unknown.json()).toMatchObject({ error: 'AssertionError' });
  });
});

describe('progress', () => {
  it('is all zero while idle', async () => {
    await until(({ state }) => state.job_count === 0);
    expect(await progress()).toMatchObject({ progress: 0, eta_relative: 0, current_image: null });
  });

  it('goes from 0.01 up, shows a preview after ten steps, and drops to 0', async () => {
    const running = make({ width: 64, height: 64, steps: 30, prompt: 'slow' });
    const seen = await until(({ state }) => state.job_count > 0 && state.sampling_step >= 12);
    await running;
    const steps = seen.filter(({ state }) => state.job_count > 0).map((one) => one.progress);
    expect(steps).toEqual([...steps].sort((left, right) => left - right));
    expect(seen.at(-1)?.current_image).toMatch(/^iVBOR/);
    expect(seen.at(-1)?.state).toMatchObject({ job: 'scripts_txt2img', sampling_steps: 30 });
    expect((await progress()).progress).toBe(0);
  });

  it('interrupts the running job, which answers 200 with what it has; the flag stays', async () => {
    const running = make({ width: 64, height: 64, steps: 150, n_iter: 3, prompt: 'long' });
    await until(({ state }) => state.sampling_step > 2 && state.sampling_steps === 150);
    await post('interrupt');
    const { images, parsed } = await running;
    expect(images).toHaveLength(1);
    expect(parsed.all_seeds).toHaveLength(3);
    expect((await progress()).state.interrupted).toBe(true);
  });

  it('forgets an interrupt that came while nothing ran', async () => {
    await post('interrupt');
    expect((await make({ ...SMALL, seed: 1 })).images).toHaveLength(1);
  });

  it('serves three requests in the order they came, and goes on when a client leaves', async () => {
    const finished: number[] = [];
    const leaving = new AbortController();
    const left = fetch(`${url}/sdapi/v1/txt2img`, {
      method: 'POST',
      body: JSON.stringify({ width: 64, height: 64, steps: 20, prompt: 'left alone' }),
      signal: leaving.signal,
    });
    await until(({ state }) => state.sampling_steps === 20);
    const queued = [1, 2, 3].map((seed) => make({ ...SMALL, seed }).then(() => finished.push(seed)));
    leaving.abort();
    await expect(left).rejects.toThrow();
    // The job of the client that left still runs, the others wait behind it.
    expect((await progress()).state.sampling_steps).toBe(20);
    await Promise.all(queued);
    expect(finished).toEqual([1, 2, 3]);
  });
});

describe('the rest of the API', () => {
  it('lists what there is', async () => {
    expect(await get('sd-models')).toContainEqual(
      expect.objectContaining({ model_name: 'v1-5-pruned-emaonly', hash: '6ce0161689' }),
    );
    expect(await get('samplers')).toContainEqual(expect.objectContaining({ name: 'Euler a' }));
    expect(await get('schedulers')).toContainEqual(
      expect.objectContaining({ name: 'karras', label: 'Karras' }),
    );
    expect(await get('memory')).toMatchObject({ cuda: { events: { oom: 0 } } });
  });

  it('refuses unknown options and checkpoints', async () => {
    expect(await (await post('options', { nope: 1 })).json()).toMatchObject({ error: 'KeyError' });
    expect(await (await post('options', { sd_model_checkpoint: 'nope' })).json()).toMatchObject({
      error: 'RuntimeError',
      errors: "model 'nope' not found",
    });
  });

  it('answers unknown paths and methods plainly', async () => {
    const unknown = await post('nope');
    expect([unknown.status, await unknown.json()]).toEqual([404, { detail: 'Not Found' }]);
    const method = await fetch(`${url}/sdapi/v1/txt2img`);
    expect([method.status, await method.json()]).toEqual([405, { detail: 'Method Not Allowed' }]);
  });

  it('compresses for those who accept it', async () => {
    const compressed = await fetch(`${url}/sdapi/v1/samplers`);
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    const plain = await fetch(`${url}/sdapi/v1/samplers`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
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
      const response = await post('txt2img', body, faulty.url);
      expect([response.status, await response.json()]).toEqual([
        500,
        expect.objectContaining({ error: 'OutOfMemoryError' }),
      ]);
      expect((await post('txt2img', body)).status).toBe(200);
    } finally {
      await faulty.stop();
    }
  });
});
