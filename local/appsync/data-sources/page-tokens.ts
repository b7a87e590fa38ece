import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface PageTokens {
  readonly seal: (lastEvaluatedKey: object) => string;
  /** Undefined for what `seal` did not make. */
  readonly open: (token: string) => object | undefined;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AppSync encrypts `nextToken`: it is opaque, can't be forged, and shows nobody the key it stands for. A token lives as long
 * as the process.
 */
export const createPageTokens = (): PageTokens => {
  const secret = randomBytes(32);
  return {
    seal: (lastEvaluatedKey) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', secret, iv);
      const text = Buffer.concat([cipher.update(JSON.stringify(lastEvaluatedKey)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    open: (token) => {
      try {
        const bytes = Buffer.from(token, 'base64url');
        const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        }).setAuthTag(tag);
        const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        return JSON.parse(text.toString()) as object;
      } catch {
        return undefined;
      }
    },
  };
};
