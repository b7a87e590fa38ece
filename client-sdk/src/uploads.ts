import { loadImage, toBase64, type ImageSource, type LoadedImage } from './image-source.ts';
import type { Img2ImgInput, ImageInput, SubmitTaskInput, UpscaleInput } from './operations.generated.ts';
import type { PostForm } from './post-form.ts';
import type { Retry } from './retry.ts';
import type { Transport } from './transport.ts';

export interface UploadProgress {
  /** Which image it is, e.g. `img2img.image`. */
  readonly field: string;
  /** Bytes. */
  readonly loaded: number;
  readonly total: number;
}

export interface UploadOptions {
  /** Called while an image is sent where the platform can tell (browsers), and when it has been sent. */
  readonly onUpload?: ((progress: UploadProgress) => void) | undefined;
}

type WithSources<T extends { image: ImageInput }> = Omit<T, 'image' | 'mask'> & {
  readonly image: ImageSource;
};

/** As the API takes it, with images as an application has them. */
export type UpscaleTaskInput = WithSources<UpscaleInput>;
export type Img2ImgTaskInput = WithSources<Img2ImgInput> & {
  /** White is painted anew, black is kept. */
  readonly mask?: ImageSource | null | undefined;
};
export type TaskInput = Omit<SubmitTaskInput, 'img2img' | 'upscale'> & {
  readonly img2img?: Img2ImgTaskInput | null | undefined;
  readonly upscale?: UpscaleTaskInput | null | undefined;
};

/** Larger ones are uploaded: what is in a request is read and billed wherever the request is. */
const INLINE_BYTES = 32_768;
/** An upload can be named for a day. */
const REUSE_MS = 12 * 3_600_000;

export interface UploadsDependencies {
  readonly api: Pick<Transport, 'createUpload'>;
  readonly post: PostForm;
  readonly retry: Retry;
  readonly now: () => number;
}

export type Prepare = (
  input: TaskInput,
  options: UploadOptions & { readonly signal?: AbortSignal | undefined },
) => Promise<SubmitTaskInput>;

/** Turns the images of an input into what the API takes. */
export const createPrepare = ({ api, post, retry, now }: UploadsDependencies): Prepare => {
  /** The same file is not sent twice, and a submit that is repeated with it stays the same submit. */
  const sent = new WeakMap<Blob, { readonly at: number; readonly uploadId: string }>();

  const upload = async (
    { blob, contentType }: LoadedImage,
    onProgress: (loaded: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<string> => {
    const before = sent.get(blob);
    if (before && now() - before.at < REUSE_MS) return before.uploadId;
    const uploadId = await retry(async () => {
      const { id, url, fields } = await api.createUpload({ contentType, bytes: blob.size });
      await post({ url, fields, file: blob, signal, onProgress });
      return id;
    }, signal);
    sent.set(blob, { at: now(), uploadId });
    return uploadId;
  };

  return async (input, { onUpload, signal }) => {
    const toInput = async (source: ImageSource, field: string): Promise<ImageInput> => {
      if (typeof source === 'object' && 'uploadId' in source && source.uploadId) return source;
      const loaded = await loadImage(source, field);
      const total = loaded.blob.size;
      if (total <= INLINE_BYTES) return { data: await toBase64(loaded.blob) };
      onUpload?.({ field, loaded: 0, total });
      return {
        uploadId: await upload(loaded, (bytes) => onUpload?.({ field, loaded: bytes, total }), signal),
      };
    };
    const { img2img, upscale, ...rest } = input;
    return {
      ...rest,
      ...(img2img && {
        img2img: {
          ...img2img,
          image: await toInput(img2img.image, 'img2img.image'),
          mask: img2img.mask ? await toInput(img2img.mask, 'img2img.mask') : null,
        },
      }),
      ...(upscale && { upscale: { ...upscale, image: await toInput(upscale.image, 'upscale.image') } }),
    };
  };
};
