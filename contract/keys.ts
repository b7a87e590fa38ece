/** Objects of the images bucket, which CloudFront serves. `nonce` is what makes a URL unguessable: 32 hex digits. */
export const imageKey = (nonce: string, index: number): string => `images/${nonce}/${index}.png`;
export const previewKey = (nonce: string, step: number): string => `previews/${nonce}/${step}.png`;

/** Objects of the requests bucket, which no edge reaches. The hash keeps a conflicting submit from overwriting it. */
export const requestKey = (taskId: string, requestHash: string): string =>
  `requests/${taskId}/${requestHash}.json`;

/** What an owner has uploaded. The owner's hash is part of the key, so nobody can name another's. */
export const uploadKey = (ownerHash: string, uploadId: string): string =>
  `uploads/${ownerHash}/${uploadId.toLowerCase()}`;

/** Prefixes that lifecycle rules and grants name. */
export const PREFIXES = {
  images: 'images/',
  previews: 'previews/',
  requests: 'requests/',
  uploads: 'uploads/',
} as const;
