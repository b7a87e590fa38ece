import type { TaskInput } from '../index.ts';
import { UsageError } from './exit-codes.ts';

/*
 * The options that become fields of an input. An option's name is the field's, in kebab-case: the list is the help, the parser and
 * the mapping at once. The API says which values are right.
 */

export interface Field {
  readonly option: string;
  readonly type: 'number' | 'text' | 'flag';
  readonly hint: string;
}

const field = (option: string, type: Field['type'], hint: string): Field => ({ option, type, hint });

const PICTURE = [
  field('negative-prompt', 'text', 'what should not be seen'),
  field('width', 'number', 'pixels, 512 unless told; a multiple of 8'),
  field('height', 'number', 'pixels, 512 unless told; a multiple of 8'),
  field('steps', 'number', '20 unless told'),
  field('seed', 'number', 'a random one unless told'),
  field('batch-size', 'number', 'images to make, 1 to 4'),
  field('cfg-scale', 'number', 'how closely to follow the prompt, 7 unless told'),
  field('clip-skip', 'number', '1 to 12'),
  field('sampler', 'text', '"Euler a" unless told; sd-async models lists them'),
  field('scheduler', 'text', 'Automatic unless told'),
  field('model', 'text', 'the checkpoint; the one that is loaded unless told'),
  field('vae', 'text', "the checkpoint's own unless told"),
];

const HIRES = [
  field('hires-scale', 'number', 'a second pass, so many times larger'),
  field('hires-steps', 'number', 'its steps; as many as in the first unless told'),
  field('hires-upscaler', 'text', 'Latent unless told'),
  field('hires-denoising-strength', 'number', '0 to 1, 0.7 unless told'),
];

const IMG2IMG = [
  field('denoising-strength', 'number', 'how far the result may leave the image, 0 to 1; 0.75 unless told'),
  field('resize-mode', 'text', 'JUST_RESIZE, CROP_AND_RESIZE or RESIZE_AND_FILL'),
  field('mask', 'text', 'an image file: white is painted anew, black is kept'),
];

const INPAINT = [
  field('inpaint-fill', 'text', 'what is under it: ORIGINAL unless told, FILL, LATENT_NOISE, LATENT_NOTHING'),
  field('inpaint-only-masked', 'flag', 'sample the masked part alone, at width x height, and put it back'),
  field('inpaint-padding', 'number', 'then also so many pixels around it, 0 to 256; 32 unless told'),
  field('inpaint-mask-blur', 'number', 'pixels by which its edge is softened, 0 to 64; 4 unless told'),
  field('inpaint-mask-invert', 'flag', 'paint anew what is black, keep what is white'),
];

export const FIELDS = {
  txt2img: [...PICTURE, ...HIRES],
  img2img: [...IMG2IMG, ...INPAINT, ...PICTURE],
  upscale: [
    field('scale', 'number', '1 to 4; 2 unless told'),
    field('upscaler', 'text', 'Lanczos unless told'),
  ],
} as const satisfies Record<string, readonly Field[]>;

export const TASK_FIELDS = [
  field('id', 'text', 'a UUID of your choice: the same command with the same id is one task'),
  field('embed-metadata', 'flag', 'write the parameters, the prompt too, into the image file'),
  field('start-within-seconds', 'number', 'it expires unless a worker takes it by then; 6 hours unless told'),
  field('finish-within-seconds', 'number', 'it fails unless it has ended by then; 12 hours unless told'),
];

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** Of `util.parseArgs`. */
export const toParseOptions = (
  fields: readonly Field[],
): Record<string, { type: 'string' } | { type: 'boolean' }> =>
  Object.fromEntries(
    fields.map(({ option, type }) => [option, { type: type === 'flag' ? 'boolean' : 'string' }]),
  );

const toName = (option: string): string =>
  option.replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());

const toValue = ({ option, type }: Field, value: string | boolean): string | number | boolean => {
  if (type !== 'number') return value;
  const number = Number(value);
  if (String(value).trim() === '' || Number.isNaN(number))
    throw new UsageError(`--${option}: must be a number, not "${value}"`);
  return number;
};

const pick = (fields: readonly Field[], values: Values): Record<string, unknown> =>
  Object.fromEntries(
    fields.flatMap((one) => {
      const value = values[one.option];
      return value === undefined ? [] : [[toName(one.option), toValue(one, value)]];
    }),
  );

type Kind = keyof typeof FIELDS;

/** The API's input of one command line. Throws `UsageError`. */
export const toInput = (kind: Kind, positionals: readonly string[], values: Values): TaskInput => {
  const task = pick(TASK_FIELDS, values);
  if (kind === 'txt2img') {
    const prompt = toPrompt(positionals, 'sd-async txt2img "a lighthouse"');
    return { ...task, txt2img: { prompt, ...pick(PICTURE, values), ...pickInside('hires', HIRES, values) } };
  }
  const [image, ...words] = positionals;
  if (image === undefined || image === '')
    throw new UsageError(`The image is missing: sd-async ${kind} photo.png`);
  if (kind === 'img2img') {
    const prompt = toPrompt(words, 'sd-async img2img photo.png "in winter"');
    const given = { ...pick([...IMG2IMG, ...PICTURE], values), ...pickInside('inpaint', INPAINT, values) };
    return { ...task, img2img: { prompt, image, ...given } };
  }
  if (words.length > 0) throw new UsageError(`One image at a time, not "${words.join(' ')}" as well`);
  return { ...task, upscale: { image, ...pick(FIELDS.upscale, values) } };
};

const toPrompt = (words: readonly string[], example: string): string => {
  const prompt = words.join(' ').trim();
  if (prompt === '') throw new UsageError(`The prompt is missing: ${example}`);
  return prompt;
};

/** The options that begin with the name of an object, as what is in it; nothing where none was given. */
const pickInside = (name: string, fields: readonly Field[], values: Values): Record<string, unknown> => {
  const given = Object.entries(pick(fields, values)).map(([full, value]) => {
    const [first = '', ...rest] = full.slice(name.length);
    return [first.toLowerCase() + rest.join(''), value];
  });
  return given.length === 0 ? {} : { [name]: Object.fromEntries(given) as unknown };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of `submit`: what `submitTask` takes. An image may be a path, as in the SDK. The API checks the rest. */
export const parseInput = (json: string): TaskInput => {
  let input: unknown;
  try {
    input = JSON.parse(json);
  } catch (error) {
    throw new UsageError(`The input is no JSON: ${(error as Error).message}`);
  }
  if (!isObject(input)) throw new UsageError('The input must be a JSON object, e.g. {"txt2img": {…}}');
  for (const kind of ['img2img', 'upscale'] as const) {
    const request = input[kind];
    if (request === undefined || request === null) continue;
    const image = isObject(request) ? request.image : undefined;
    if (typeof image !== 'string' && !isObject(image))
      throw new UsageError(`${kind}.image: must be a path, a data URL, {"data": …} or {"uploadId": …}`);
  }
  const { payload } = input;
  // The API takes it as text; nobody likes to write JSON within JSON.
  return (isObject(payload) ? { ...input, payload: JSON.stringify(payload) } : input) as TaskInput;
};
