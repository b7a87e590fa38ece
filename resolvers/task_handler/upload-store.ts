import { GetObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { UploadForm } from '../../contract/handler.ts';
import type { ImageType } from '../../contract/image-type.ts';
import { UPLOAD } from '../../contract/limits.ts';

export interface UploadStore {
  readonly toForm: (upload: {
    readonly key: string;
    readonly contentType: ImageType;
    readonly bytes: number;
  }) => Promise<Pick<UploadForm, 'url' | 'fields'>>;
  /** The first bytes of what was uploaded. Undefined: nothing was. */
  readonly look: (key: string) => Promise<Uint8Array | undefined>;
}

export const createUploadStore = ({ s3, bucket }: { s3: S3Client; bucket: string }): UploadStore => ({
  toForm: ({ key, contentType, bytes }) =>
    createPresignedPost(s3, {
      Bucket: bucket,
      Key: key,
      Fields: { 'Content-Type': contentType },
      Conditions: [['content-length-range', bytes, bytes]],
      Expires: UPLOAD.formSeconds,
    }),

  look: async (key) => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: 'bytes=0-31' }));
      return await Body?.transformToByteArray();
    } catch (error) {
      // To whom may not list a bucket, S3 says 403 of an object that is not there.
      const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
      if (status === 404 || status === 403) return undefined;
      throw error;
    }
  },
});
