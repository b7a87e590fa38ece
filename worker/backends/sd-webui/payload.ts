import {
  INPAINT_DEFAULTS,
  type Img2ImgRequest,
  type Inpaint,
  type TaskRequest,
  type Txt2ImgRequest,
  type UpscaleRequest,
} from '../../../contract/request.ts';

export interface WebuiCall {
  readonly path: '/sdapi/v1/txt2img' | '/sdapi/v1/img2img' | '/sdapi/v1/extra-single-image';
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The request in the WebUI's words. It is built anew from known parameters, field by field: nothing else that somebody sent
 * ever reaches the WebUI.
 */
export const toWebuiCall = (request: TaskRequest): WebuiCall => {
  switch (request.kind) {
    case 'TXT2IMG':
      return {
        path: '/sdapi/v1/txt2img',
        body: { ...toSampling(request.txt2img), ...toHires(request.txt2img) },
      };
    case 'IMG2IMG':
      return {
        path: '/sdapi/v1/img2img',
        body: { ...toSampling(request.img2img), ...toInit(request.img2img) },
      };
    case 'UPSCALE':
      return { path: '/sdapi/v1/extra-single-image', body: toExtras(request.upscale) };
  }
};

const toSampling = (sampling: Txt2ImgRequest | Img2ImgRequest): Record<string, unknown> => ({
  prompt: sampling.prompt,
  negative_prompt: sampling.negativePrompt,
  steps: sampling.steps,
  cfg_scale: sampling.cfgScale,
  width: sampling.width,
  height: sampling.height,
  seed: sampling.seed,
  sampler_name: sampling.sampler,
  scheduler: sampling.scheduler,
  batch_size: sampling.batchSize,
  n_iter: 1,
  send_images: true,
  save_images: false,
  do_not_save_samples: true,
  do_not_save_grid: true,
  override_settings: {
    ...(sampling.model !== undefined && { sd_model_checkpoint: sampling.model }),
    ...(sampling.vae !== undefined && { sd_vae: sampling.vae }),
    ...(sampling.clipSkip !== undefined && { CLIP_stop_at_last_layers: sampling.clipSkip }),
  },
  override_settings_restore_afterwards: true,
});

const toHires = ({ hires }: Txt2ImgRequest): Record<string, unknown> =>
  hires
    ? {
        enable_hr: true,
        hr_scale: hires.scale,
        hr_upscaler: hires.upscaler,
        hr_second_pass_steps: hires.steps,
        denoising_strength: hires.denoisingStrength,
      }
    : {};

const RESIZE_MODES = { JUST_RESIZE: 0, CROP_AND_RESIZE: 1, RESIZE_AND_FILL: 2 } as const;

const toInit = (init: Img2ImgRequest): Record<string, unknown> => ({
  init_images: [init.image.data],
  denoising_strength: init.denoisingStrength,
  resize_mode: RESIZE_MODES[init.resizeMode],
  ...(init.mask && { mask: init.mask.data, ...toInpaint(init.inpaint ?? INPAINT_DEFAULTS) }),
});

const FILLS = { FILL: 0, ORIGINAL: 1, LATENT_NOISE: 2, LATENT_NOTHING: 3 } as const;

const toInpaint = ({
  maskBlur,
  maskInvert,
  fill,
  onlyMasked,
  padding,
}: Inpaint): Record<string, unknown> => ({
  mask_blur: maskBlur,
  inpainting_mask_invert: maskInvert ? 1 : 0,
  inpainting_fill: FILLS[fill],
  inpaint_full_res: onlyMasked,
  inpaint_full_res_padding: padding,
});

const toExtras = ({ image, scale, upscaler }: UpscaleRequest): Record<string, unknown> => ({
  image: image.data,
  resize_mode: 0,
  upscaling_resize: scale,
  upscaler_1: upscaler,
});
