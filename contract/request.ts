import * as v from 'valibot';
import { REQUEST_LIMITS as LIMITS } from './limits.ts';

const range = (limits: { readonly min: number; readonly max: number }) =>
  v.pipe(
    v.number('must be a number'),
    v.finite('must be a finite number'),
    v.minValue(limits.min, `must be at least ${limits.min}`),
    v.maxValue(limits.max, `must be at most ${limits.max}`),
  );

const integer = (limits: { readonly min: number; readonly max: number }) =>
  v.pipe(range(limits), v.integer('must be a whole number'));

const flag = v.boolean('must be true or false');

const side = v.pipe(
  integer(LIMITS.side),
  v.multipleOf(LIMITS.side.multipleOf, `must be a multiple of ${LIMITS.side.multipleOf}`),
);

const prompt = v.pipe(
  v.string('must be a string'),
  v.maxLength(
    LIMITS.promptCharacters,
    (issue) => `has ${issue.input.length} characters, the limit is ${LIMITS.promptCharacters}`,
  ),
);

/** Names of models, samplers and the like are looked up by the WebUI, never used as a path or a URL. */
const name = v.pipe(
  v.string('must be a string'),
  v.nonEmpty('must not be empty'),
  v.maxLength(LIMITS.nameCharacters, `must have at most ${LIMITS.nameCharacters} characters`),
  v.regex(/^[^\p{Cc}]*$/u, 'must not contain control characters'),
);

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);

/** Base64 of a PNG, JPEG or WebP, told by its first bytes; a data URL is accepted and stripped. */
const data = v.pipe(
  v.string('must be a string'),
  v.transform((text) => text.replace(/^data:image\/[a-z.+-]+;base64,/, '')),
  // Not v.base64(): its pattern overflows the stack at a few megabytes.
  v.check(isBase64, 'must be base64 of an image, or a data URL; a web address is not fetched'),
  v.regex(/^(iVBORw0KGgo|\/9j\/|UklGR)/, 'must be a PNG, JPEG or WebP image'),
);

/** An image in a request: its bytes, or the name of an upload of the same owner's. */
export type ImageSource = InlineImage | { readonly uploadId: string };

export interface InlineImage {
  /** Base64. */
  readonly data: string;
}

const uploadId = v.pipe(v.string('must be a string'), v.uuid('must be the id of an upload'));

const image = v.pipe(
  v.object({ data: v.optional(data), uploadId: v.optional(uploadId) }),
  v.check((given) => (given.data === undefined) !== (given.uploadId === undefined), 'needs data or uploadId'),
  v.transform((given): ImageSource =>
    given.data === undefined ? { uploadId: given.uploadId ?? '' } : { data: given.data },
  ),
);

const sampling = {
  prompt,
  negativePrompt: v.optional(prompt, ''),
  steps: v.optional(integer(LIMITS.steps), 20),
  cfgScale: v.optional(range(LIMITS.cfgScale), 7),
  width: v.optional(side, 512),
  height: v.optional(side, 512),
  /** Resolved before it is stored, so that another attempt reproduces the picture. */
  seed: integer(LIMITS.seed),
  batchSize: v.optional(integer(LIMITS.batchSize), 1),
  sampler: v.optional(name, 'Euler a'),
  scheduler: v.optional(name, 'Automatic'),
  /** None: the model that the worker has loaded. */
  model: v.optional(name),
  vae: v.optional(name),
  clipSkip: v.optional(integer(LIMITS.clipSkip)),
};

const denoisingStrength = range({ min: 0, max: 1 });

const hires = v.strictObject({
  scale: v.optional(range(LIMITS.hiresScale), 2),
  upscaler: v.optional(name, 'Latent'),
  steps: v.optional(integer({ min: 0, max: LIMITS.steps.max }), 0),
  denoisingStrength: v.optional(denoisingStrength, 0.7),
});

const pixelsFit = (size: { width: number; height: number; hires?: { scale: number } | undefined }): boolean =>
  size.width * size.height * (size.hires?.scale ?? 1) ** 2 <= LIMITS.pixels;

const tooManyPixels = `width × height (× hires.scale²) must be at most ${LIMITS.pixels} pixels`;

const txt2img = v.pipe(
  v.strictObject({ ...sampling, hires: v.optional(hires) }),
  v.forward(
    v.check((size) => pixelsFit(size), tooManyPixels),
    ['width'],
  ),
);

/**
 * How a mask is used. Not with the defaults of the WebUI's API, which smears colours over the masked part and samples that alone:
 * people expect it to start from what is there.
 */
const inpaint = v.strictObject({
  /** Pixels. */
  maskBlur: v.optional(integer(LIMITS.maskBlur), 4),
  /** Black is painted anew instead. */
  maskInvert: v.optional(flag, false),
  /** What is under the mask before the first step. */
  fill: v.optional(
    v.picklist(
      ['FILL', 'ORIGINAL', 'LATENT_NOISE', 'LATENT_NOTHING'],
      'must be FILL, ORIGINAL, LATENT_NOISE or LATENT_NOTHING',
    ),
    'ORIGINAL',
  ),
  /** The masked part alone is sampled, at width × height, and put back: the result has the size of the image. */
  onlyMasked: v.optional(flag, false),
  /** Pixels around the masked part that are sampled with it; counts with `onlyMasked`. */
  padding: v.optional(integer(LIMITS.inpaintPadding), 32),
});

export type Inpaint = v.InferOutput<typeof inpaint>;

/** Of a mask that came without a word about its use. */
export const INPAINT_DEFAULTS: Inpaint = v.parse(inpaint, {});

const img2img = v.pipe(
  v.strictObject({
    ...sampling,
    image,
    /** White is painted anew. */
    mask: v.optional(image),
    inpaint: v.optional(inpaint),
    denoisingStrength: v.optional(denoisingStrength, 0.75),
    resizeMode: v.optional(v.picklist(['JUST_RESIZE', 'CROP_AND_RESIZE', 'RESIZE_AND_FILL']), 'JUST_RESIZE'),
  }),
  v.forward(
    v.check((size) => pixelsFit(size), tooManyPixels),
    ['width'],
  ),
  v.forward(
    v.check(
      (given) => given.inpaint === undefined || given.mask !== undefined,
      'counts only with a mask: give one, or leave it out',
    ),
    ['inpaint'],
  ),
);

const upscale = v.strictObject({
  image,
  scale: v.optional(range(LIMITS.upscale), 2),
  upscaler: v.optional(name, 'Lanczos'),
});

/** Whether the stored PNG carries the infotext; off, because a picture travels further than its prompt should. */
const embedMetadata = v.optional(flag, false);

/** Every default and the seed resolved. Stored as JSON, read by the worker. */
const schema = v.variant('kind', [
  v.strictObject({ kind: v.literal('TXT2IMG'), txt2img, embedMetadata }),
  v.strictObject({ kind: v.literal('IMG2IMG'), img2img, embedMetadata }),
  v.strictObject({ kind: v.literal('UPSCALE'), upscale, embedMetadata }),
]);

/** A request as it is stored: its images may lie elsewhere. */
export type StoredRequest = v.InferOutput<typeof schema>;

export type Txt2ImgRequest = v.InferOutput<typeof txt2img>;
export type Img2ImgRequest = Omit<v.InferOutput<typeof img2img>, 'image' | 'mask'> & {
  readonly image: InlineImage;
  readonly mask?: InlineImage | undefined;
};
export type UpscaleRequest = Omit<v.InferOutput<typeof upscale>, 'image'> & { readonly image: InlineImage };

/** What a worker is asked to do, with the bytes of every image. */
export type TaskRequest =
  | { kind: 'TXT2IMG'; txt2img: Txt2ImgRequest; embedMetadata: boolean }
  | { kind: 'IMG2IMG'; img2img: Img2ImgRequest; embedMetadata: boolean }
  | { kind: 'UPSCALE'; upscale: UpscaleRequest; embedMetadata: boolean };

/** The checkpoint that a request names. */
export const modelOf = (request: StoredRequest): string | undefined => {
  switch (request.kind) {
    case 'TXT2IMG':
      return request.txt2img.model;
    case 'IMG2IMG':
      return request.img2img.model;
    case 'UPSCALE':
      return undefined;
  }
};

/** The images of a request, each with the path of its field. */
export const imagesIn = (request: StoredRequest): readonly (readonly [field: string, ImageSource])[] => {
  if (request.kind === 'TXT2IMG') return [];
  if (request.kind === 'UPSCALE') return [['upscale.image', request.upscale.image]];
  const { image: init, mask } = request.img2img;
  return [['img2img.image', init], ...(mask ? [['img2img.mask', mask] as const] : [])];
};

/** The request with the bytes that `read` finds for every image. */
export const withImages = async (
  request: StoredRequest,
  read: (source: ImageSource, field: string) => Promise<InlineImage>,
): Promise<TaskRequest> => {
  const [first, second] = await Promise.all(imagesIn(request).map(([field, source]) => read(source, field)));
  if (request.kind === 'TXT2IMG' || !first) return request as TaskRequest;
  if (request.kind === 'UPSCALE') return { ...request, upscale: { ...request.upscale, image: first } };
  return { ...request, img2img: { ...request.img2img, image: first, mask: second } };
};

export interface InvalidRequest {
  /** Path of the offending field, e.g. `txt2img.width`. */
  readonly field: string;
  readonly message: string;
}

/** Parses what the API was sent (plus `kind` and a resolved seed) or what a row or object holds. Never throws. */
export const parseRequest = (
  input: unknown,
): { ok: true; request: StoredRequest } | { ok: false; invalid: InvalidRequest } => {
  const result = v.safeParse(schema, input);
  if (result.success) return { ok: true, request: result.output };
  const issue = result.issues[0];
  const unknownKey = issue.type === 'strict_object' && issue.expected === 'never';
  return {
    ok: false,
    invalid: {
      field: v.getDotPath(issue) ?? 'input',
      message: unknownKey ? 'is not a known parameter' : issue.message,
    },
  };
};

/** Names of the LoRAs that a prompt calls for, as in `<lora:watercolor:0.8>`. The WebUI takes none from a negative prompt. */
export const lorasIn = (text: string): readonly string[] =>
  [...text.matchAll(/<lora:([^:>]+)(?::[^>]*)?>/g)].flatMap(([, name]) => (name ? [name] : []));
