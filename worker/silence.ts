/**
 * How long a connection may be silent before a call counts as failed. A peer that vanishes without a word (a host that died,
 * a NAT that forgot) is noticed by TCP after a quarter of an hour and by the SDKs never: one call without an answer would
 * keep the worker from its work for good.
 */
export const SILENCE = {
  s3: { connectionTimeout: 5000, socketTimeout: 5000 },
  /** Longer than the longest poll. */
  sqs: { connectionTimeout: 5000, socketTimeout: 30_000 },
} as const;
