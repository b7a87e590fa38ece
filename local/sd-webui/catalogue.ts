/** What the stand-in claims to have installed. Names are v1.10.1's; the second and third checkpoint are made up. */

export interface Checkpoint {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  /** Seconds to switch to it, before the time scale. */
  readonly loadSeconds: number;
}

export const CHECKPOINTS: readonly [Checkpoint, ...Checkpoint[]] = [
  {
    name: 'v1-5-pruned-emaonly',
    file: 'v1-5-pruned-emaonly.safetensors',
    sha256: '6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa',
    loadSeconds: 2,
  },
  {
    name: 'stand-in-xl',
    file: 'stand-in-xl.safetensors',
    sha256: 'a1c3f2bd8e40a97d5b6c0e1f2d3a4b5c6d7e8f90112233445566778899aabbcc',
    loadSeconds: 4,
  },
  {
    name: 'slow-load',
    file: 'slow-load.safetensors',
    sha256: 'b2d4e3ce9f51ba8e6c7d1f203e4b5c6d7e8f90a1223344556677889900aabbdd',
    loadSeconds: 30,
  },
];

export const shortHash = ({ sha256 }: Checkpoint): string => sha256.slice(0, 10);
export const titleOf = (checkpoint: Checkpoint): string => `${checkpoint.file} [${shortHash(checkpoint)}]`;

/** By any of its aliases, which must match exactly. */
export const findCheckpoint = (alias: string): Checkpoint | undefined =>
  CHECKPOINTS.find((checkpoint) =>
    [
      titleOf(checkpoint),
      checkpoint.name,
      checkpoint.file,
      `${checkpoint.name} [${shortHash(checkpoint)}]`,
      shortHash(checkpoint),
      checkpoint.sha256,
    ].includes(alias),
  );

export const UPSCALERS = ['None', 'Lanczos', 'Nearest', 'ESRGAN_4x', 'R-ESRGAN 4x+'];

export const LORAS = [{ name: 'watercolor', hash: 'c0ffee123456' }];

/** Selectable scripts and those that are always on, in lower case as the API lists them. */
export const SELECTABLE_SCRIPTS = [
  'prompt matrix',
  'prompts from file or textbox',
  'x/y/z plot',
  'sd upscale',
  'loopback',
];
export const ALWAYS_ON_SCRIPTS = ['comments', 'refiner', 'sampler', 'seed', 'extra options'];
