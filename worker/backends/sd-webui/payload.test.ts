import { describe, expect, it } from 'vitest';
import { parseRequest, withImages, type TaskRequest } from '../../../contract/request.ts';
import { toWebuiCall } from './payload.ts';

const PNG = 'iVBORw0KGgo=';

/** A request as a row holds it. */
const stored = async (img2img: object): Promise<TaskRequest> => {
  const given = { prompt: 'a', seed: 1, image: { data: PNG }, ...img2img };
  const parsed = parseRequest({ kind: 'IMG2IMG', img2img: given });
  if (!parsed.ok) throw new Error(`${parsed.invalid.field}: ${parsed.invalid.message}`);
  return withImages(parsed.request, () => Promise.resolve({ data: PNG }));
};

const AS_EVER = {
  ...{ mask: PNG, mask_blur: 4, inpainting_mask_invert: 0, inpainting_fill: 1 },
  ...{ inpaint_full_res: false, inpaint_full_res_padding: 32 },
};

describe('a call to img2img', () => {
  it('uses a mask as ever where nothing is said of it, also in a request that was stored before that could be', async () => {
    const { path, body } = toWebuiCall(await stored({ mask: { data: PNG } }));
    expect(path).toBe('/sdapi/v1/img2img');
    expect(body).toMatchObject(AS_EVER);
  });

  it('uses it as it is told', async () => {
    const inpaint = { maskBlur: 9, maskInvert: true, fill: 'LATENT_NOTHING', onlyMasked: true, padding: 5 };
    const { body } = toWebuiCall(await stored({ mask: { data: PNG }, inpaint }));
    expect(body).toMatchObject({
      ...{ mask: PNG, mask_blur: 9, inpainting_mask_invert: 1, inpainting_fill: 3 },
      ...{ inpaint_full_res: true, inpaint_full_res_padding: 5 },
    });
  });

  it('says nothing of a mask that there is not', async () => {
    const { body } = toWebuiCall(await stored({}));
    for (const name of Object.keys(AS_EVER)) expect(body).not.toHaveProperty(name);
  });
});
