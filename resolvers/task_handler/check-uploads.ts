import { imageTypeOf } from '../../contract/image-type.ts';
import { imagesIn, type InvalidRequest, type StoredRequest } from '../../contract/request.ts';
import { uploadKeyOf } from '../../ledger/upload-key.ts';
import type { UploadStore } from './upload-store.ts';

/**
 * What is wrong with the uploads that a request names. Another owner's is one that does not exist, since the owner is part of
 * the key. Their size was S3's affair; that they are images is ours.
 */
export const checkUploads = async (
  request: StoredRequest,
  owner: string,
  look: UploadStore['look'],
): Promise<InvalidRequest | undefined> => {
  for (const [path, source] of imagesIn(request)) {
    if (!('uploadId' in source)) continue;
    const field = `${path}.uploadId`;
    const bytes = await look(uploadKeyOf(owner, source.uploadId));
    if (!bytes) return { field, message: 'names no upload of yours that was done within the last day' };
    if (!imageTypeOf(bytes)) return { field, message: 'must be a PNG, JPEG or WebP image' };
  }
  return undefined;
};
