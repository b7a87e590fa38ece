import { createHash } from 'node:crypto';
import { uploadKey } from '../contract/keys.ts';

/** Where an owner's upload lies. A hash, since who owns a task is not the bucket's business. */
export const uploadKeyOf = (owner: string, uploadId: string): string =>
  uploadKey(createHash('sha256').update(owner).digest('hex').slice(0, 32), uploadId);
