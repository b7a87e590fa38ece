import { describe, expect, it } from 'vitest';
import { createFakeTaskQueue } from '../../../test/helpers/fake-task-queue.ts';
import type { Task } from '../index.ts';
import { modelOf, toEcho, toExtrasInfo, toInfo } from './answer.ts';
import type { Work } from './translate.ts';

const PAYLOAD = {
  ...{ prompt: 'a cat', negative_prompt: 'fog', seed: 5, steps: 21, cfg_scale: 6, width: 64, height: 64 },
  ...{ batch_size: 2, sampler_name: 'Euler', scheduler: 'Automatic' },
};

const workOf = (payload: object): Work => ({
  kind: 'txt2img',
  request: { api: '/sdapi/v1/txt2img', payload: payload as Work['request']['payload'] },
  renamed: {},
  label: undefined,
});

const endedAs = async (status: 'succeed' | 'cancel'): Promise<Task> => {
  const queue = createFakeTaskQueue();
  const handle = await queue.submit(workOf(PAYLOAD).request);
  const [task] = await queue.submitted(1);
  if (status === 'succeed') task?.succeed();
  else await handle.cancel();
  return task?.latest() as Task;
};

const parse = (info: string): unknown => JSON.parse(info);

describe('the information about pictures', () => {
  it('tells what really ran, from the text of the first', async () => {
    const task = await endedAs('succeed');
    expect(parse(toInfo(workOf(PAYLOAD), task))).toEqual({
      ...{ prompt: 'a cat', all_prompts: ['a cat', 'a cat'] },
      ...{ negative_prompt: 'fog', all_negative_prompts: ['fog', 'fog'], seed: 5, all_seeds: [5, 6] },
      ...{ subseed: -1, all_subseeds: [-1, -1], subseed_strength: 0, width: 512, height: 768 },
      ...{ sampler_name: 'Euler a', cfg_scale: 7, steps: 20, batch_size: 2, restore_faces: false },
      ...{ face_restoration_model: null, sd_model_name: 'ink', sd_model_hash: '0123456789' },
      ...{ sd_vae_name: null, sd_vae_hash: null, seed_resize_from_w: -1, seed_resize_from_h: -1 },
      ...{ denoising_strength: null, extra_generation_params: { 'Schedule type': 'Karras' } },
      ...{ index_of_first_image: 0, styles: [], job_timestamp: '20260102030405', clip_skip: 1 },
      ...{ is_using_inpainting_conditioning: false, version: 'v1.10.1' },
      infotexts: [task.images?.[0]?.infotext, task.images?.[1]?.infotext],
    });
    expect(modelOf(task.images ?? [])).toBe('ink');
  });

  it('tells what was asked for where no picture came of it', async () => {
    expect(parse(toInfo(workOf(PAYLOAD), await endedAs('cancel')))).toMatchObject({
      ...{ seed: 5, all_seeds: [5, 6], infotexts: [], width: 64, sampler_name: 'Euler', steps: 21 },
      ...{ cfg_scale: 6, sd_model_name: null },
    });
  });

  it('of an upscale is a paragraph in which no name is markup', () => {
    const work = workOf({ upscaling_resize: 2, upscaler_1: '<b>' });
    expect(toExtrasInfo(work)).toBe('<p>Postprocess upscale by: 2, Postprocess upscaler: &lt;b&gt;</p>');
  });
});

describe('the echo', () => {
  it('leaves out the pictures that came with an img2img, unless they are wanted', () => {
    const parameters = { init_images: ['x'], mask: 'y', include_init_images: false, steps: 3 };
    expect(toEcho(parameters, 'img2img')).toMatchObject({ init_images: null, mask: null, steps: 3 });
    expect(toEcho({ ...parameters, include_init_images: true }, 'img2img').init_images).toEqual(['x']);
  });
});
