import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTaskQueue } from '../../client-sdk/src/front/queue.ts';
import { startFront } from '../../client-sdk/src/front/server.ts';
import { readParameters } from '../../client-sdk/src/front/wire/png-text.ts';
import { a1111At, type A1111, type Generation } from '../../test/helpers/a1111.ts';
import { describeInpainting } from '../../test/helpers/inpainting.ts';
import { startLocalStack } from '../stack.ts';
import { startSdWebui } from './server.ts';

/*
 * What a client of WebUI v1.10.1 may rely on, whoever answers: the stand-in, and the front with the whole stack behind it. With
 * SD_WEBUI_URL set the suite runs on that server instead, which should have the checkpoint v1-5-pruned-emaonly, another one, and
 * `api_enable_requests` off.
 */

interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const startStandIn = (): Promise<Server> => startSdWebui({ profile: 'demo', timeScale: 0.5 });

const startFrontOfStack = async (): Promise<Server> => {
  const stack = await startLocalStack({
    instances: 1,
    webui: { arguments: ['--profile', 'demo', '--time-scale', '0.5'] },
  });
  const queue = createTaskQueue({
    endpoint: stack.urls.graphql,
    auth: { apiKey: stack.apiKey ?? '' },
  });
  const front = await startFront({ queue });
  return {
    url: front.url,
    stop: async () => {
      await front.stop();
      await stack.stop();
    },
  };
};

const target = process.env.SD_WEBUI_URL;
const SERVERS: readonly (readonly [string, () => Promise<Server>])[] = target
  ? [[target, () => Promise.resolve({ url: target, stop: () => Promise.resolve() })]]
  : [
      ['the stand-in', startStandIn],
      ['the front', startFrontOfStack],
    ];

const SMALL = { width: 64, height: 64, steps: 3 };
/** Some seconds: a worker tells of its progress once in each. */
const LONG = { width: 64, height: 64, steps: 150, batch_size: 2 };

const bytesOf = (image: string | undefined): Buffer => Buffer.from(image ?? '', 'base64');

describe.each(SERVERS)('%s', (_name, start) => {
  let server: Server | undefined;
  let webui: A1111;
  let url = '';

  beforeAll(async () => {
    server = await start();
    url = server.url;
    webui = a1111At(url);
  });
  afterAll(() => server?.stop());

  describe('txt2img', () => {
    it('fills up an empty request with v1.10.1 defaults, echoing the request as parsed', async () => {
      const { parameters, images, parsed } = await webui.txt2img({
        ...{ width: 64, height: 64, steps: 1, seed: 5 },
      });
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
        webui.txt2img(request),
        webui.txt2img(request),
        webui.txt2img({ ...request, seed: 8 }),
        webui.txt2img({ ...request, prompt: 'a dog' }),
      ]);
      expect(again.images).toEqual(first.images);
      expect(otherSeed.images).not.toEqual(first.images);
      expect(otherPrompt.images).not.toEqual(first.images);
    });

    it('draws a seed where none is given, and tells it', async () => {
      const { parameters, parsed, images } = await webui.txt2img({ ...SMALL, prompt: 'chance' });
      expect(parameters.seed).toBe(-1);
      expect(parsed.seed).toBeGreaterThanOrEqual(0);
      const again = await webui.txt2img({ ...SMALL, prompt: 'chance', seed: parsed.seed });
      expect(again.images).toEqual(images);
    });

    it.each([{ batch_size: 3 }, { n_iter: 3 }])(
      'counts seeds up over %o and writes one infotext for each image',
      async (batch) => {
        const { images, parsed } = await webui.txt2img({ ...SMALL, prompt: 'x', seed: 10, ...batch });
        expect(images).toHaveLength(3);
        expect(parsed.all_seeds).toEqual([10, 11, 12]);
        expect((parsed.infotexts as string[])[2]).toContain('Seed: 12');
      },
    );

    it('writes the infotext into the file, in iTXt where Latin-1 does not suffice', async () => {
      for (const prompt of ['a lighthouse', '灯台 at dusk']) {
        const { images, parsed } = await webui.txt2img({
          ...{ ...SMALL, prompt, negative_prompt: 'fog', seed: 1 },
        });
        const text = readParameters(bytesOf(images[0]));
        expect(text).toBe((parsed.infotexts as string[])[0]);
        expect(text).toMatch(new RegExp(`^${prompt}\nNegative prompt: fog\nSteps: 3, Sampler: Euler, `));
      }
    });

    it('tells what really ran, with the keys of v1.10.1', async () => {
      const { parsed } = await webui.txt2img({
        ...{ ...SMALL, prompt: 'a', negative_prompt: 'b', seed: 1, sampler_name: 'Heun', cfg_scale: 4.5 },
        override_settings: { CLIP_stop_at_last_layers: 2 },
      });
      expect(parsed).toMatchObject({
        ...{ prompt: 'a', all_prompts: ['a'], negative_prompt: 'b', seed: 1, all_seeds: [1] },
        ...{ width: 64, height: 64, sampler_name: 'Heun', cfg_scale: 4.5, steps: 3, batch_size: 1 },
        ...{ sd_model_name: 'v1-5-pruned-emaonly', sd_model_hash: '6ce0161689', clip_skip: 2 },
        extra_generation_params: { 'Schedule type': 'Automatic' },
        job_timestamp: expect.stringMatching(/^\d{14}$/) as string,
        version: 'v1.10.1',
      });
    });

    it('takes an old sampler name apart', async () => {
      const { parsed } = await webui.txt2img({ ...SMALL, sampler_name: 'DPM++ 2M SDE Karras' });
      expect(parsed).toMatchObject({
        sampler_name: 'DPM++ 2M SDE',
        extra_generation_params: { 'Schedule type': 'Karras' },
      });
    });

    it('cuts a size down to a multiple of 8', async () => {
      const { images } = await webui.txt2img({ ...SMALL, width: 71 });
      expect(decode(bytesOf(images[0])).width).toBe(64);
    });

    it('makes a second pass at a higher resolution', async () => {
      const { images } = await webui.txt2img({
        ...{ ...SMALL, enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Latent', denoising_strength: 0.6 },
      });
      expect(decode(bytesOf(images[0]))).toMatchObject({ width: 96, height: 96 });
    });

    it('sends no images where none are wanted', async () => {
      expect((await webui.txt2img({ ...SMALL, send_images: false })).images).toEqual([]);
    });

    it('takes what clients send out of habit, and what no v1.10.1 knows', async () => {
      const { images } = await webui.txt2img({
        ...SMALL,
        ...{ styles: [], subseed: -1, subseed_strength: 0, seed_resize_from_h: -1, seed_resize_from_w: -1 },
        ...{ restore_faces: false, tiling: false, eta: null, s_churn: 0, s_noise: 1, s_tmin: 0 },
        ...{ script_name: '', script_args: [], alwayson_scripts: {}, denoising_strength: 0.7, hr_scale: 2 },
        ...{ save_images: false, do_not_save_grid: true, steps: '3', invented: 'here' },
      });
      expect(images).toHaveLength(1);
    });

    it.each([
      ['a wrong type', { steps: 'many' }, { loc: ['body', 'steps'], type: 'type_error.integer' }],
      ['a list for a string', { prompt: ['x'] }, { loc: ['body', 'prompt'], type: 'type_error.str' }],
      ['null where none is allowed', { send_images: null }, { type: 'type_error.none.not_allowed' }],
    ])('refuses %s as pydantic does', async (_case, body, detail) => {
      const response = await webui.post('txt2img', body);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ detail: [detail] });
    });

    it('refuses broken JSON, echoing it, and no JSON at all', async () => {
      const broken = await webui.post('txt2img', '{"prompt": ');
      expect(broken.status).toBe(422);
      expect(await broken.json()).toMatchObject({
        detail: [{ type: 'value_error.jsondecode', ctx: { doc: '{"prompt": ' } }],
      });
      for (const body of [undefined, '[]', '"x"']) {
        const response = await webui.post('txt2img', body);
        expect(response.status).toBe(422);
        expect(await response.json()).toMatchObject({ detail: [{ loc: ['body'] }] });
      }
    });

    it('knows no script of that name', async () => {
      const response = await webui.post('txt2img', { ...SMALL, script_name: 'nope' });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        error: 'HTTPException',
        detail: "Script 'nope' not found",
      });
    });
  });

  describe('img2img and extras', () => {
    it('answers 404 without an initial image', async () => {
      const response = await webui.post('img2img', SMALL);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ detail: 'Init image not found' });
    });

    it('answers 500 for an image that is none, and fetches nothing from an address', async () => {
      for (const [image, detail] of [
        ['bm90IGFuIGltYWdl', 'Invalid encoded image'],
        [`${url}/internal/ping`, 'Requests not allowed'],
      ]) {
        const response = await webui.post('img2img', { ...SMALL, init_images: [image] });
        expect(response.status).toBe(500);
        expect(await response.json()).toMatchObject({ error: 'HTTPException', detail });
      }
    });

    it('keeps to the initial image as the denoising strength goes to 0, and does not echo it', async () => {
      const { images } = await webui.txt2img({ ...SMALL, prompt: 'a', seed: 1 });
      const request = { ...SMALL, init_images: images, prompt: 'b', seed: 2 };
      const distance = async (denoising_strength: number): Promise<number> => {
        const response = await webui.post('img2img', { ...request, denoising_strength });
        const made = (await response.json()) as Generation;
        expect(made.parameters).toMatchObject({ init_images: null, mask: null, denoising_strength });
        const before = [...decode(bytesOf(images[0])).data];
        const after = [...decode(bytesOf(made.images[0])).data];
        return before.reduce((sum, value, index) => sum + Math.abs(value - (after[index] ?? 0)), 0);
      };
      expect(await distance(0)).toBe(0);
      expect(await distance(0.9)).toBeGreaterThan(await distance(0.2));
    });

    describeInpainting(() => webui);

    it('upscales, also a data URL, and says which upscaler it does not have', async () => {
      const { images } = await webui.txt2img({ ...SMALL, seed: 1 });
      const response = await webui.post('extra-single-image', {
        image: `data:image/png;base64,${images[0]}`,
        upscaler_1: 'Lanczos',
        upscaling_resize: 2,
      });
      const { image, html_info } = (await response.json()) as { image: string; html_info: string };
      expect(decode(bytesOf(image))).toMatchObject({ width: 128, height: 128 });
      expect(html_info).toMatch(/^<p>.*Lanczos.*<\/p>$/);
      const unknown = await webui.post('extra-single-image', { image: images[0], upscaler_1: 'nope' });
      expect(unknown.ok).toBe(false);
      expect(await unknown.text()).toContain('nope');
    });

    it('reads out of a picture what it was made with', async () => {
      const { images, parsed } = await webui.txt2img({ ...SMALL, prompt: 'a cat', seed: 3 });
      const response = await webui.post('png-info', { image: images[0] });
      expect(await response.json()).toMatchObject({
        info: (parsed.infotexts as string[])[0],
        parameters: { Prompt: 'a cat', Steps: '3', Seed: '3', 'Size-1': '64', 'Size-2': '64' },
      });
    });
  });

  describe('progress', () => {
    it('is all zero while idle', async () => {
      await webui.until(({ state }) => state.job_count === 0);
      expect(await webui.progress()).toMatchObject({ progress: 0, eta_relative: 0, current_image: null });
    });

    it('goes from 0.01 up, shows a preview, and drops to 0', async () => {
      const running = webui.txt2img({ ...LONG, prompt: 'slow' });
      const seen = await webui.until(({ current_image }) => current_image !== null);
      await running;
      const steps = seen.filter(({ state }) => state.job_count > 0).map((one) => one.progress);
      expect(steps).toEqual([...steps].sort((left, right) => left - right));
      expect(steps[0]).toBeGreaterThanOrEqual(0.01);
      expect(seen.at(-1)?.current_image).toMatch(/^iVBOR/);
      expect(seen.at(-1)?.state).toMatchObject({ job: 'scripts_txt2img', sampling_steps: 150 });
      expect((await webui.progress()).progress).toBe(0);
    });

    it('shows no preview to those who skip it', async () => {
      const running = webui.txt2img({ ...LONG, prompt: 'slower' });
      await webui.until(({ current_image }) => current_image !== null);
      expect(await webui.get('progress?skip_current_image=true')).toMatchObject({ current_image: null });
      await webui.post('interrupt');
      await running;
    });

    it('interrupts the running job, which answers 200 with what it has; the flag stays', async () => {
      const running = webui.txt2img({ width: 64, height: 64, steps: 150, n_iter: 3, prompt: 'long' });
      await webui.until(({ state }) => state.sampling_step > 2 && state.sampling_steps === 150);
      expect(await (await webui.post('interrupt')).json()).toEqual({});
      const { images, parsed } = await running;
      expect(images.length).toBeLessThan(3);
      expect(parsed.all_seeds).toHaveLength(3);
      expect((await webui.progress()).state.interrupted).toBe(true);
    });

    it('forgets an interrupt that came while nothing ran', async () => {
      await webui.post('interrupt');
      expect((await webui.txt2img({ ...SMALL, seed: 1 })).images).toHaveLength(1);
      expect((await webui.progress()).state.interrupted).toBe(false);
    });
  });

  describe('the rest of the API', () => {
    it('lists what there is', async () => {
      expect(await webui.get('sd-models')).toContainEqual(
        expect.objectContaining({
          title: 'v1-5-pruned-emaonly.safetensors [6ce0161689]',
          model_name: 'v1-5-pruned-emaonly',
          hash: '6ce0161689',
        }),
      );
      expect(await webui.get('samplers')).toContainEqual(
        expect.objectContaining({ name: 'Heun', options: { second_order: 'True' } }),
      );
      expect(await webui.get('schedulers')).toContainEqual(
        expect.objectContaining({ name: 'karras', label: 'Karras' }),
      );
      expect(await webui.get('upscalers')).toContainEqual(expect.objectContaining({ name: 'Lanczos' }));
      expect(await webui.get('latent-upscale-modes')).toContainEqual({ name: 'Latent (nearest-exact)' });
      expect(await webui.get('embeddings')).toMatchObject({ loaded: {}, skipped: {} });
      expect(await webui.get('scripts')).toMatchObject({
        txt2img: expect.any(Array) as [],
        img2img: expect.any(Array) as [],
      });
      for (const path of ['loras', 'sd-vae', 'script-info', 'prompt-styles', 'hypernetworks'])
        expect(await webui.get(path)).toBeInstanceOf(Array);
      for (const path of ['memory', 'cmd-flags']) expect(await webui.get(path)).toBeInstanceOf(Object);
    });

    it('makes later pictures with the checkpoint that the options name, by any of its names', async () => {
      const models = (await webui.get('sd-models')) as { title: string; model_name: string }[];
      const other = models.find(({ model_name: name }) => !/^(v1-5|slow)/.test(name));
      expect((await webui.post('options', { sd_model_checkpoint: other?.model_name })).status).toBe(200);
      const { parsed } = await webui.txt2img(SMALL);
      expect(parsed.sd_model_name).toBe(other?.model_name);
      const back = 'v1-5-pruned-emaonly.safetensors [6ce0161689]';
      expect(await (await webui.post('options', { sd_model_checkpoint: back })).json()).toBeNull();
      expect((await webui.txt2img(SMALL)).parsed.sd_model_name).toBe('v1-5-pruned-emaonly');
    });

    it('refuses unknown options and checkpoints', async () => {
      expect(await (await webui.post('options', { nope: 1 })).json()).toMatchObject({ error: 'KeyError' });
      const unknown = await webui.post('options', { sd_model_checkpoint: 'nope' });
      expect(await unknown.json()).toMatchObject({
        error: 'RuntimeError',
        errors: "model 'nope' not found",
      });
    });

    it('tells no secret among its flags', async () => {
      expect(await webui.get('cmd-flags')).toMatchObject({ api: true, api_auth: null });
    });

    it('looks for new models when asked', async () => {
      for (const what of ['checkpoints', 'vae', 'loras', 'embeddings']) {
        const response = await webui.post(`refresh-${what}`);
        expect([response.status, await response.json()]).toEqual([200, null]);
      }
    });

    it('answers unknown paths and methods plainly', async () => {
      const unknown = await webui.post('nope');
      expect([unknown.status, await unknown.json()]).toEqual([404, { detail: 'Not Found' }]);
      const method = await fetch(`${url}/sdapi/v1/txt2img`);
      expect([method.status, await method.json()]).toEqual([405, { detail: 'Method Not Allowed' }]);
    });

    it('describes itself', async () => {
      expect((await fetch(`${url}/docs`)).headers.get('content-type')).toContain('text/html');
      expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({ openapi: '3.0.2' });
    });

    it('compresses for those who accept it, and tells how long it took', async () => {
      const compressed = await fetch(`${url}/sdapi/v1/samplers`);
      expect(compressed.headers.get('content-encoding')).toBe('gzip');
      expect(Number(compressed.headers.get('x-process-time'))).toBeGreaterThanOrEqual(0);
      const plain = await fetch(`${url}/sdapi/v1/samplers`, { headers: { 'accept-encoding': 'identity' } });
      expect(plain.headers.get('content-encoding')).toBeNull();
    });
  });
});
