/** PNG chunks that hold text or camera data (PNG specification, "Ancillary chunks"). */
const METADATA_CHUNKS = new Set(['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME']);
const SIGNATURE_BYTES = 8;
/** Length, type and checksum. */
const FRAME_BYTES = 12;

/** A PNG without its texts: the WebUI writes the prompt into every picture. Pixels stay as they are. */
export const stripMetadata = (png: Buffer): Buffer => {
  const kept: Buffer[] = [png.subarray(0, SIGNATURE_BYTES)];
  for (let offset = SIGNATURE_BYTES; offset + FRAME_BYTES <= png.length;) {
    const end = offset + FRAME_BYTES + png.readUInt32BE(offset);
    const type = png.toString('latin1', offset + 4, offset + 8);
    if (!METADATA_CHUNKS.has(type)) kept.push(png.subarray(offset, end));
    offset = end;
  }
  return Buffer.concat(kept);
};
