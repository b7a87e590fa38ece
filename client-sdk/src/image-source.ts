import { ValidationError } from './errors.ts';
import type { ImageInput } from './operations.generated.ts';

/**
 * An image as an application has it: a `File` or `Blob`, bytes (`Buffer`, `Uint8Array`, `ArrayBuffer`), a data URL, a path or
 * `file:` URL (Node.js), base64 as `{data}`, or what was uploaded before as `{uploadId}`. PNG, JPEG or WebP, up to 10 MB.
 */
export type ImageSource = Blob | Uint8Array<ArrayBuffer> | ArrayBuffer | string | URL | ImageInput;

const MAX_BYTES = 10_000_000;

/** An image's bytes, and the type that they are. */
export interface LoadedImage {
  readonly blob: Blob;
  readonly contentType: string;
}

/** Throws `ValidationError` where it is no image that the API takes. Nothing is fetched. */
export const loadImage = async (source: ImageSource, field: string): Promise<LoadedImage> => {
  const blob = await toBlob(source, field);
  if (blob.size > MAX_BYTES)
    throw new ValidationError(field, `${field}: has ${blob.size} bytes, the limit is ${MAX_BYTES}`);
  const contentType = typeOf(new Uint8Array(await blob.slice(0, 12).arrayBuffer()));
  if (!contentType) throw new ValidationError(field, `${field}: must be a PNG, JPEG or WebP image`);
  return { blob, contentType };
};

const toBlob = (source: ImageSource, field: string): Blob | Promise<Blob> => {
  if (source instanceof Blob) return source;
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return new Blob([source]);
  if (source instanceof URL || typeof source === 'string') return fromText(String(source), field);
  return fromBase64(source.data ?? '', field);
};

const fromText = (text: string, field: string): Blob | Promise<Blob> => {
  if (text.startsWith('data:')) return fromBase64(text, field);
  if (/^https?:/.test(text))
    throw new ValidationError(field, `${field}: a web address is not fetched: pass the image itself`);
  return readFile(text, field);
};

const fromBase64 = (text: string, field: string): Blob => {
  const base64 = text.replace(/^data:[^,]*;base64,/, '');
  try {
    return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]);
  } catch (cause) {
    throw new ValidationError(field, `${field}: must be base64 of an image`, { cause });
  }
};

/** As much of Node.js as is used here. Asked of the runtime, so that bundlers for browsers see no import. */
interface NodeModules {
  readonly process?: {
    readonly getBuiltinModule?: (name: 'node:fs') => {
      readonly openAsBlob: (path: string | URL) => Promise<Blob>;
    };
  };
}

const readFile = async (path: string, field: string): Promise<Blob> => {
  const fs = (globalThis as NodeModules).process?.getBuiltinModule?.('node:fs');
  if (!fs)
    throw new ValidationError(
      field,
      `${field}: a path can be read in Node.js only: pass a File or a data URL`,
    );
  try {
    // The file's bytes are read when they are sent.
    return await fs.openAsBlob(path.startsWith('file:') ? new URL(path) : path);
  } catch (cause) {
    throw new ValidationError(field, `${field}: the file can't be read`, { cause });
  }
};

/** Told by the first bytes; what a file is called says nothing. */
const typeOf = (bytes: Uint8Array): string | undefined => {
  const text = String.fromCharCode(...bytes);
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return 'image/webp';
  return undefined;
};

/** Of few bytes. */
export const toBase64 = async (blob: Blob): Promise<string> => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};
