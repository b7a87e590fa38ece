import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { TaskError, toTaskError } from '../contract/errors.ts';
import { UPLOAD } from '../contract/limits.ts';

/** All throw `TaskError` STORAGE_ERROR; the SDK has tried three times by then. */
export interface ObjectStore {
  /** Resolves with the lower-case hex SHA-256, which S3 has checked the bytes against. */
  readonly putImage: (key: string, bytes: Buffer, contentType: string) => Promise<string>;
  readonly getRequest: (key: string) => Promise<string>;
  /** Undefined where there is none. One that is too large is INVALID_REQUEST, and not read. */
  readonly getUpload: (key: string) => Promise<Uint8Array | undefined>;
}

export interface ObjectStoreOptions {
  readonly s3: S3Client;
  readonly imagesBucket: string;
  readonly requestsBucket: string;
}

/** The key is random and its object never changes. */
const CACHE_CONTROL = 'private, max-age=31536000, immutable';

export const createObjectStore = ({ s3, imagesBucket, requestsBucket }: ObjectStoreOptions): ObjectStore => ({
  putImage: async (key, bytes, contentType) => {
    const digest = createHash('sha256').update(bytes).digest();
    try {
      await s3.send(
        new PutObjectCommand({
          Bucket: imagesBucket,
          Key: key,
          Body: bytes,
          ContentType: contentType,
          ChecksumSHA256: digest.toString('base64'),
          CacheControl: CACHE_CONTROL,
        }),
      );
    } catch (error) {
      throw toTaskError(error, 'STORAGE_ERROR');
    }
    return digest.toString('hex');
  },
  getRequest: async (key) => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: requestsBucket, Key: key }));
      return (await Body?.transformToString()) ?? '';
    } catch (error) {
      throw toTaskError(error, 'STORAGE_ERROR');
    }
  },
  getUpload: async (key) => {
    try {
      const { Body, ContentLength = 0 } = await s3.send(
        new GetObjectCommand({ Bucket: requestsBucket, Key: key }),
      );
      if (ContentLength > UPLOAD.bytes.max)
        throw new TaskError('INVALID_REQUEST', 'The upload is too large.');
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw toTaskError(error, 'STORAGE_ERROR');
    }
  },
});
