import { decode } from 'fast-png';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTaskQueue } from '../client-sdk/src/front/queue.ts';
import { startFront, type Front } from '../client-sdk/src/front/server.ts';
import { readParameters } from '../client-sdk/src/front/wire/png-text.ts';
import { a1111At, type A1111, type Generation } from './helpers/a1111.ts';
import { changeOf, pixelsOf, toMask } from './helpers/inpainting.ts';
import { clientOf, userOf, useStack } from './helpers/stack.ts';

/*
 * The front as its clients use it: what they ask for when they connect, the bodies that they send with all their habits, and
 * how they watch and stop. All of them use the same front at once.
 */

const stackOf = useStack({
  instances: 1,
  webui: { arguments: ['--profile', 'demo', '--time-scale', '0.5'] },
});
let front: Front | undefined;
beforeAll(async () => {
  const stack = stackOf();
  const queue = createTaskQueue({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });
  front = await startFront({ queue, graceMs: 100 });
});
afterAll(() => front?.stop());

const programAt = (name: string): A1111 => a1111At(front?.url ?? '', { 'user-agent': name });

const connect = async (webui: A1111, lists: readonly string[]): Promise<void> => {
  for (const list of lists) expect(await webui.get(list)).toBeInstanceOf(Object);
};

describe('a plug-in of a drawing program', () => {
  it('connects, chooses a model, and paints over a part of the canvas while it shows how far that is', async () => {
    const webui = programAt('paint-plugin/1.0');
    await connect(webui, ['options', 'sd-models', 'samplers', 'upscalers', 'sd-vae', 'scripts', 'loras']);
    const models = (await webui.get('sd-models')) as { title: string }[];
    const title = models.find((model) => model.title.startsWith('v1-5'))?.title;
    expect((await webui.post('options', { sd_model_checkpoint: title })).status).toBe(200);

    const canvas = await webui.txt2img({ prompt: 'a harbour', width: 128, height: 64, steps: 3, seed: 1 });
    const selection = await webui.txt2img({ prompt: 'a mask', width: 128, height: 64, steps: 3, seed: 2 });
    const painting = webui.post('img2img', {
      init_images: [`data:image/png;base64,${canvas.images[0]}`],
      mask: `data:image/png;base64,${selection.images[0]}`,
      ...{ mask_blur: 4, inpainting_fill: 1, inpaint_full_res: false, inpaint_full_res_padding: 32 },
      ...{ inpainting_mask_invert: 0, resize_mode: 0, include_init_images: false },
      ...{ prompt: 'a harbour with a boat', negative_prompt: '', width: 128, height: 64 },
      ...{ steps: 150, cfg_scale: 7.5, denoising_strength: 1, seed: -1, sampler_name: 'DPM++ 2M Karras' },
      ...{ batch_size: 2, n_iter: 1, styles: [], restore_faces: false, tiling: false, eta: null },
      ...{ override_settings: { sd_vae: 'Automatic' }, override_settings_restore_afterwards: true },
      ...{ script_name: null, script_args: [], save_images: false, send_images: true },
      alwayson_scripts: { controlnet: { args: [{ enabled: false, module: 'none', model: 'None' }] } },
    });
    const seen = await webui.until(({ current_image }) => current_image !== null);
    expect(seen.at(-1)?.state).toMatchObject({ job: 'scripts_img2img', sampling_steps: 151 });
    const { images, parameters, info } = (await (await painting).json()) as Generation;
    expect(decode(Buffer.from(images[0] ?? '', 'base64'))).toMatchObject({ width: 128, height: 64 });
    expect(parameters).toMatchObject({ init_images: null, sampler_name: 'DPM++ 2M Karras' });
    expect(JSON.parse(info)).toMatchObject({
      ...{ sampler_name: 'DPM++ 2M', denoising_strength: 1, sd_model_name: 'v1-5-pruned-emaonly' },
      extra_generation_params: { 'Schedule type': 'Karras' },
    });
  });

  it('has all but a selection painted anew, at the size its model likes, and gets its canvas back as large as it was', async () => {
    const webui = programAt('paint-plugin/1.0');
    const size = { width: 121, height: 90 };
    const isSelected = (x: number, y: number): boolean => x < 60 && y < 44;
    // As people have them: no multiple of 8.
    const canvas = toMask(size, (x, y) => (x * y) % 7 < 3);
    const response = await webui.post('img2img', {
      init_images: [canvas],
      mask: toMask(size, isSelected),
      ...{ mask_blur: 0, mask_blur_x: 4, mask_blur_y: 4, mask_round: true, inpainting_mask_invert: 1 },
      ...{ inpainting_fill: 2, inpaint_full_res: 1, inpaint_full_res_padding: 32 },
      ...{ image_cfg_scale: 1.5, initial_noise_multiplier: 1, resize_mode: 0, include_init_images: false },
      ...{ prompt: 'a harbour at night', width: 64, height: 64, steps: 5, denoising_strength: 1 },
      ...{ sampler_name: 'Euler a', scheduler: 'Automatic', seed: 7, batch_size: 1, n_iter: 1, comments: {} },
      ...{ disable_extra_networks: false, override_settings: {}, script_name: null, script_args: [] },
    });
    expect(response.status).toBe(200);
    const { images: painted, parameters } = (await response.json()) as Generation;
    expect(pixelsOf(painted[0])).toMatchObject(size);
    expect(changeOf(canvas, painted[0], isSelected)).toBe(0);
    expect(changeOf(canvas, painted[0], (x, y) => !isSelected(x, y))).toBeGreaterThan(0.9);
    expect(parameters).toMatchObject({ mask: null, inpainting_fill: 2, inpaint_full_res: true });
  });
});

describe('a chat front end', () => {
  const body = {
    ...{ prompt: 'portrait of a captain', negative_prompt: 'blurry', sampler_name: 'Euler a' },
    ...{ scheduler: 'automatic', steps: 150, cfg_scale: 7, width: 64, height: 64, seed: undefined },
    ...{ restore_faces: false, enable_hr: false, hr_upscaler: 'Latent', hr_scale: 2 },
    ...{ hr_additional_modules: [], denoising_strength: 0.7, hr_second_pass_steps: 0, clip_skip: 1 },
    override_settings: { CLIP_stop_at_last_layers: 1, sd_vae: 'Automatic' },
    ...{ override_settings_restore_afterwards: true, save_images: true, send_images: true },
    ...{ do_not_save_grid: false, do_not_save_samples: false },
  };

  it('fills its menus, and gets a picture that carries what it was made with', async () => {
    const webui = programAt('chat/2.0');
    await connect(webui, ['options', 'samplers', 'schedulers', 'sd-models', 'sd-vae', 'upscalers']);
    await connect(webui, ['latent-upscale-modes', 'embeddings', 'cmd-flags']);
    const { images, parsed } = await webui.txt2img({ ...body, steps: 4 });
    expect(images).toHaveLength(1);
    const text = readParameters(Buffer.from(images[0] ?? '', 'base64'));
    expect(text).toBe((parsed.infotexts as string[])[0]);
    expect(text).toMatch(/^portrait of a captain\nNegative prompt: blurry\nSteps: 4, Sampler: Euler a, /);
    // What is stored carries none of it.
    const [task] = (await clientOf(stackOf()).list({ limit: 1 })).items;
    const stored = await fetch(task?.images?.[0]?.url ?? '');
    expect(readParameters(new Uint8Array(await stored.arrayBuffer()))).toBeUndefined();
  });

  it('stops a picture that somebody has no patience for, and nobody else’s', async () => {
    const [mine, other] = [programAt('chat/2.0'), programAt('chat/2.1')];
    const stopped = mine.txt2img({ ...body, batch_size: 4 });
    await mine.until(({ state }) => state.sampling_step > 0);
    const kept = other.txt2img({ ...body, steps: 5 });
    await other.until(({ state }) => state.job_count !== 0);
    await mine.post('interrupt');
    expect((await stopped).images).toEqual([]);
    expect((await kept).images).toHaveLength(1);
    expect((await mine.progress()).state).toMatchObject({ interrupted: true });
    expect((await other.progress()).state).toMatchObject({ interrupted: false });
  });

  it('hangs up, and nobody pays for what it will not see', async () => {
    const webui = programAt('chat/2.0');
    const leaving = new AbortController();
    const left = webui.post('txt2img', { ...body, batch_size: 4 }, { signal: leaving.signal });
    await webui.until(({ state }) => state.sampling_step > 0);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const client = clientOf(stackOf());
    const [task] = (await client.list({ limit: 1 })).items;
    await expect
      .poll(async () => (await client.get(task?.id ?? ''))?.status, { timeout: 10_000 })
      .toBe('CANCELED');
  });
});

describe('a script with a library', () => {
  it('says every parameter that there is, and gets pictures, larger ones of them too', async () => {
    const webui = programAt('python-requests/2.32');
    const { images } = await webui.txt2img({
      ...{ enable_hr: false, hr_scale: 2, hr_upscaler: 'Latent', hr_second_pass_steps: 0, hr_resize_x: 0 },
      ...{ hr_resize_y: 0, denoising_strength: 0.7, firstphase_width: 0, firstphase_height: 0, steps: 3 },
      ...{ prompt: 'a squirrel', styles: [], seed: 1003, subseed: -1, subseed_strength: 0, n_iter: 1 },
      ...{ seed_resize_from_h: 0, seed_resize_from_w: 0, batch_size: 2, cfg_scale: 7, width: 64, height: 64 },
      ...{ restore_faces: false, tiling: false, do_not_save_samples: false, do_not_save_grid: false },
      ...{ negative_prompt: 'ugly', eta: 1, s_churn: 0, s_tmax: 0, s_tmin: 0, s_noise: 1 },
      ...{ override_settings: {}, override_settings_restore_afterwards: true, sampler_name: 'Euler a' },
      ...{ sampler_index: 'Euler a', script_name: null, script_args: [], send_images: true },
      ...{ save_images: false, alwayson_scripts: { ControlNet: { args: [] } } },
    });
    expect(images).toHaveLength(2);
    const response = await webui.post('extra-single-image', {
      ...{ resize_mode: 0, show_extras_results: true, gfpgan_visibility: 0, codeformer_visibility: 0 },
      ...{ codeformer_weight: 0, upscaling_resize: 1.5, upscaling_resize_w: 512, upscaling_resize_h: 512 },
      ...{ upscaling_crop: true, upscaler_1: 'Lanczos', upscaler_2: 'None', upscale_first: false },
      ...{ extras_upscaler_2_visibility: 0, image: `data:image/png;base64,${images[0]}` },
    });
    const { image } = (await response.json()) as { image: string };
    expect(decode(Buffer.from(image, 'base64'))).toMatchObject({ width: 96, height: 96 });
  });

  it('reads at once what it asked too much of', async () => {
    const response = await programAt('python-requests/2.32').post('txt2img', {
      ...{ prompt: 'a squirrel', restore_faces: true, refiner_checkpoint: 'xl-refiner' },
    });
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/restore_faces.*refiner_checkpoint/);
  });
});

describe('npm run serve', () => {
  it('finds the stack that runs on this machine, serves, and ends when it is told to', async () => {
    const { port } = new URL(stackOf().urls.graphql);
    const child = spawn(
      process.execPath,
      ['client-sdk/src/front/main.ts', '--port', '0', '--stack-port', port],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      if (output.includes('/graphql')) break;
    }
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
    const { images } = await a1111At(url).txt2img({ width: 64, height: 64, steps: 2 });
    expect(images).toHaveLength(1);
    const [task] = (await userOf(stackOf(), 'a1111').list({ limit: 1 })).items;
    expect(task?.owner).toBe('user:a1111');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says what it misses, and what it can do', async () => {
    const run = async (...args: string[]): Promise<{ code: number; output: string }> => {
      const child = spawn(process.execPath, ['client-sdk/src/front/main.ts', ...args]);
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => (output += String(chunk)));
      const [code] = (await once(child, 'close')) as [number];
      return { code, output };
    };
    // Nobody listens on the port of tcpmux.
    expect(await run('--stack-port', '1')).toMatchObject({
      code: 1,
      output: expect.stringContaining('is the stack running (npm start)?') as string,
    });
    expect(await run('--help')).toMatchObject({
      code: 0,
      output: expect.stringContaining('--cancel-after') as string,
    });
  });
});
