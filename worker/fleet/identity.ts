import * as v from 'valibot';
import { createMetadata, type MetadataOptions } from './metadata.ts';

/** What EC2 says of the instance itself. */
export interface Identity {
  readonly instanceType: string;
  /** When it was launched, ISO 8601: what a boot is measured from. */
  readonly pendingTime: string;
}

const identity = v.object({
  instanceType: v.pipe(v.string(), v.nonEmpty()),
  pendingTime: v.pipe(v.string(), v.isoTimestamp()),
});

/**
 * Reads the instance identity document (EC2 user guide, "Instance identity documents"). Undefined where there is none to be
 * had: no instance, metadata switched off, no answer.
 */
export const readIdentity = async (
  options: MetadataOptions,
  signal?: AbortSignal,
): Promise<Identity | undefined> => {
  const text = await createMetadata(options, signal)('/latest/dynamic/instance-identity/document');
  try {
    const parsed = v.safeParse(identity, JSON.parse(text ?? ''));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
};
