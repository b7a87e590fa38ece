/* Names that every v1.10.1 has, whatever is installed beside them. */

/** The first is what an unknown name falls back to, silently. */
export const SAMPLERS: readonly [string, ...string[]] = [
  'DPM++ 2M',
  'DPM++ SDE',
  'DPM++ 2M SDE',
  'DPM++ 2M SDE Heun',
  'DPM++ 2S a',
  'DPM++ 3M SDE',
  'Euler a',
  'Euler',
  'LMS',
  'Heun',
  'DPM2',
  'DPM2 a',
  'DPM fast',
  'DPM adaptive',
  'Restart',
  'DDIM',
  'DDIM CFG++',
  'PLMS',
  'UniPC',
  'LCM',
];

/** Two evaluations a step: twice the time. */
export const SECOND_ORDER = new Set(['DPM++ SDE', 'DPM++ 2S a', 'Heun', 'DPM2', 'DPM2 a', 'Restart']);

export interface Scheduler {
  readonly name: string;
  readonly label: string;
}

export const SCHEDULERS: readonly Scheduler[] = [
  { name: 'automatic', label: 'Automatic' },
  { name: 'uniform', label: 'Uniform' },
  { name: 'karras', label: 'Karras' },
  { name: 'exponential', label: 'Exponential' },
  { name: 'polyexponential', label: 'Polyexponential' },
  { name: 'sgm_uniform', label: 'SGM Uniform' },
  { name: 'kl_optimal', label: 'KL Optimal' },
  { name: 'align_your_steps', label: 'Align Your Steps' },
  { name: 'simple', label: 'Simple' },
  { name: 'normal', label: 'Normal' },
  { name: 'ddim', label: 'DDIM' },
  { name: 'beta', label: 'Beta' },
];

export const LATENT_UPSCALE_MODES = [
  'Latent',
  'Latent (antialiased)',
  'Latent (bicubic)',
  'Latent (bicubic antialiased)',
  'Latent (nearest)',
  'Latent (nearest-exact)',
];

/** As the listing routes show them. */
export const toSamplerItem = (name: string): object => ({
  name,
  aliases: [],
  options: SECOND_ORDER.has(name) ? { second_order: 'True' } : {},
});

export const toSchedulerItem = ({ name, label }: Scheduler): object => ({
  name,
  label,
  aliases: null,
  default_rho: -1,
  need_inner_model: false,
});

export const toUpscalerItem = (name: string): object => ({
  name,
  model_name: null,
  model_path: null,
  model_url: null,
  scale: name === 'None' ? 1 : 4,
});

/** An old name such as "DPM++ 2M Karras", taken apart into sampler and schedule; undefined for any other. */
export const splitSamplerName = (
  name: string,
  samplers: readonly string[],
  schedulers: readonly Scheduler[],
): readonly [sampler: string, scheduler: string] | undefined => {
  const scheduler = schedulers.find(({ label }) => name.endsWith(` ${label}`));
  const sampler = scheduler && name.slice(0, -scheduler.label.length - 1);
  return scheduler && sampler !== undefined && samplers.includes(sampler)
    ? [sampler, scheduler.label]
    : undefined;
};
