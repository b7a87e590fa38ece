import { randomBytes } from 'node:crypto';
import type { AccessKey, Principal } from './types.ts';

export interface AccessKeys {
  /** A new key of the principal's. A role's comes with a session token, a user's does not. */
  readonly issue: (principal: Principal) => AccessKey;
  readonly lookup: (accessKeyId: string) => AccessKey | undefined;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const toId = (prefix: string): string =>
  prefix + [...randomBytes(16)].map((byte) => BASE32[byte % 32]).join('');

export const createAccessKeys = (): AccessKeys => {
  const keys = new Map<string, AccessKey>();
  return {
    issue: (principal) => {
      const assumed = principal.arn.includes(':assumed-role/');
      const key: AccessKey = {
        accessKeyId: toId(assumed ? 'ASIA' : 'AKIA'),
        secretAccessKey: randomBytes(30).toString('base64url'),
        ...(assumed && { sessionToken: randomBytes(48).toString('base64') }),
        principal,
      };
      keys.set(key.accessKeyId, key);
      return key;
    },
    lookup: (accessKeyId) => keys.get(accessKeyId),
  };
};
