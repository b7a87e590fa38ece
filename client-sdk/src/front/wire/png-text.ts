import { crc32 } from 'node:zlib';

/*
 * Texts of a PNG (PNG specification, "Textual information"). Written by hand, since what the registry has decodes and encodes
 * the whole picture, knows `tEXt` alone, or is ten years old; a chunk is a length, a type, a content and a checksum.
 */

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const SIGNATURE_AND_HEADER_BYTES = 8 + 25;
/** Length, type and checksum. */
const FRAME_BYTES = 12;

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));

/**
 * The PNG with the text `parameters`, in a `tEXt` chunk where Latin-1 suffices and in an `iTXt` chunk otherwise, as Pillow does
 * it for the WebUI.
 */
export const withParameters = (png: Buffer, text: string): Buffer => {
  const header = png.subarray(0, SIGNATURE_AND_HEADER_BYTES);
  return Buffer.concat([header, toTextChunk(text), png.subarray(SIGNATURE_AND_HEADER_BYTES)]);
};

const toTextChunk = (text: string): Buffer => {
  const isLatin1 = [...text].every((character) => (character.codePointAt(0) ?? 0) <= 0xff);
  return isLatin1
    ? toChunk('tEXt', Buffer.concat([Buffer.from('parameters\0', 'latin1'), Buffer.from(text, 'latin1')]))
    : toChunk(
        'iTXt',
        Buffer.concat([Buffer.from('parameters\0\0\0\0\0', 'latin1'), Buffer.from(text, 'utf8')]),
      );
};

const toChunk = (type: string, content: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
};

/** The texts by keyword, whichever of both kinds they are; compressed ones are left out. */
export const readTexts = (png: Uint8Array): Readonly<Record<string, string>> => {
  if (!isPng(png)) return {};
  const bytes = Buffer.from(png);
  const texts: [string, string][] = [];
  for (let offset = SIGNATURE.length; offset + FRAME_BYTES <= bytes.length;) {
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    const content = bytes.subarray(offset + 8, offset + 8 + length);
    if (type === 'tEXt') texts.push(...readLatin1(content));
    if (type === 'iTXt') texts.push(...readInternational(content));
    offset += FRAME_BYTES + length;
  }
  return Object.fromEntries(texts);
};

const readLatin1 = (content: Buffer): [string, string][] => {
  const end = content.indexOf(0);
  return end < 0 ? [] : [[content.toString('latin1', 0, end), content.toString('latin1', end + 1)]];
};

/** Keyword, two bytes about compression, language, translated keyword, text. */
const readInternational = (content: Buffer): [string, string][] => {
  const end = content.indexOf(0);
  const isCompressed = content[end + 1] !== 0;
  const language = content.indexOf(0, end + 3);
  const translated = content.indexOf(0, language + 1);
  if (end < 0 || isCompressed || language < 0 || translated < 0) return [];
  return [[content.toString('latin1', 0, end), content.toString('utf8', translated + 1)]];
};

/** The text of the chunk called `parameters`. */
export const readParameters = (png: Uint8Array): string | undefined => readTexts(png).parameters;
