import { CopyObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

export interface RequestStore {
  readonly put: (key: string, json: string) => Promise<void>;
  readonly copy: (from: string, to: string) => Promise<void>;
}

/** Keeps requests that are too large for a row. */
export const createRequestStore = (options: { s3: S3Client; bucket: string }): RequestStore => ({
  put: async (key, json) => {
    await options.s3.send(
      new PutObjectCommand({
        Bucket: options.bucket,
        Key: key,
        Body: json,
        ContentType: 'application/json',
      }),
    );
  },

  copy: async (from, to) => {
    const CopySource = `${options.bucket}/${encodeURI(from)}`;
    await options.s3.send(new CopyObjectCommand({ Bucket: options.bucket, Key: to, CopySource }));
  },
});
