import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import { IMAGE_TYPES, isImageType } from '../../contract/image-type.ts';
import { UPLOAD } from '../../contract/limits.ts';
import { uploadKeyOf } from '../../ledger/upload-key.ts';
import { invalid } from './invalid.ts';
import type { UploadStore } from './upload-store.ts';

type CreateUploadRequest = Extract<HandlerRequest, { field: 'createUpload' }>;

export interface CreateUploadDependencies {
  readonly uploads: Pick<UploadStore, 'toForm'>;
  readonly randomId: () => string;
}

/** Leave to upload one image of the owner's. S3 holds whoever uses the form to its type and size. */
export const createCreateUpload =
  ({ uploads, randomId }: CreateUploadDependencies) =>
  async ({ owner, input, now }: CreateUploadRequest): Promise<HandlerAnswer> => {
    const { contentType, bytes } = input;
    if (!isImageType(contentType)) return invalid('contentType', `must be one of ${IMAGE_TYPES.join(', ')}`);
    const { min, max } = UPLOAD.bytes;
    if (bytes < min || bytes > max) return invalid('bytes', `must be within ${min} and ${max}`);
    const id = randomId();
    const form = await uploads.toForm({ key: uploadKeyOf(owner, id), contentType, bytes });
    return { upload: { id, ...form, expiresAt: new Date(now + UPLOAD.formSeconds * 1000).toISOString() } };
  };
