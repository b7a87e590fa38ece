import { imageSize } from 'image-size';
import { TaskError } from '../../../contract/errors.ts';
import { REQUEST_LIMITS } from '../../../contract/limits.ts';
import type { TaskRequest } from '../../../contract/request.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const refuse = (field: string, problem: string): never => {
  throw new TaskError('INVALID_REQUEST', `img2img.${field}: ${problem}`);
};

const toText = ({ width, height }: Size): string => `${width}×${height}`;

/** Of an image as the WebUI sees it: turned as its EXIF data says. */
const sizeOf = (field: string, base64: string): Size => {
  try {
    const { width, height, orientation = 1 } = imageSize(Buffer.from(base64, 'base64'));
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return refuse(field, 'is no image that can be read');
  }
};

/**
 * Of the initial image, where the WebUI puts what it has sampled back into it, so that the picture gets its size; else undefined.
 * Throws INVALID_REQUEST for one that is too large to come back, and for a mask of another size: what becomes of that no document
 * says.
 */
export const initSizeOf = (request: TaskRequest): Size | undefined => {
  if (request.kind !== 'IMG2IMG' || !request.img2img.inpaint?.onlyMasked) return undefined;
  const { image, mask } = request.img2img;
  const size = sizeOf('image', image.data);
  if (size.width * size.height > REQUEST_LIMITS.pixels) {
    const most = `${REQUEST_LIMITS.pixels} pixels at most`;
    refuse('image', `is ${toText(size)}; with inpaint.onlyMasked, whose picture is as large, ${most}`);
  }
  const maskSize = mask && sizeOf('mask', mask.data);
  if (maskSize && toText(maskSize) !== toText(size)) {
    refuse('mask', `is ${toText(maskSize)}, the image ${toText(size)}: inpaint.onlyMasked wants one size`);
  }
  return size;
};
