import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { createMetadata, type MetadataOptions, type ReadMetadata } from './metadata.ts';

/** That this instance will go, or had better go, learned from its own metadata. */
export interface Notice {
  /** `rebalance`: EC2 is likely to take this spot instance back, and may say so two minutes before or not at all. */
  readonly reason: 'spot' | 'scale-in' | 'rebalance';
  /** When it goes, in milliseconds since 1970; absent: when its lifecycle hook is completed. */
  readonly until?: number;
}

export interface NoticesOptions extends MetadataOptions {
  readonly clock: Clock;
  /** Whether a recommendation to rebalance is a notice; yes unless told. */
  readonly heedRebalance?: boolean;
}

/** What EC2 recommends: a spot instance has two minutes. */
const POLL_INTERVAL_MS = 5000;

const timestamp = v.pipe(v.string(), v.isoTimestamp());
const instanceAction = v.object({ action: v.string(), time: timestamp });
const recommendation = v.object({ noticeTime: timestamp });

/**
 * Waits until EC2 or Auto Scaling says that the instance must go. Undefined: the signal came first. Metadata that can't
 * be had or read says nothing: a worker that stopped for a hiccup would cost more than one that is told a little later.
 */
export const watchNotices = async (
  options: NoticesOptions,
  signal: AbortSignal,
): Promise<Notice | undefined> => {
  const { clock, heedRebalance = true } = options;
  const metadata = createMetadata(options, signal);
  while (!signal.aborted) {
    const notice = await readNotice(metadata, heedRebalance);
    if (notice) return notice;
    await clock.delay(POLL_INTERVAL_MS, signal).catch(() => undefined);
  }
  return undefined;
};

/** The most pressing first: a recommendation stays when the notice has come, or comes along with it. */
const readNotice = async (metadata: ReadMetadata, heedRebalance: boolean): Promise<Notice | undefined> => {
  const spot = parse(instanceAction, await metadata('/latest/meta-data/spot/instance-action'));
  // Whether it is stopped, hibernated or terminated, whatever runs is lost.
  if (spot) return { reason: 'spot', until: Date.parse(spot.time) };
  const target = await metadata('/latest/meta-data/autoscaling/target-lifecycle-state');
  if (target === 'Terminated') return { reason: 'scale-in' };
  if (!heedRebalance) return undefined;
  const rebalance = parse(
    recommendation,
    await metadata('/latest/meta-data/events/recommendations/rebalance'),
  );
  return rebalance && { reason: 'rebalance' };
};

const parse = <T>(schema: v.GenericSchema<unknown, T>, text: string | undefined): T | undefined => {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text ?? ''));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
};
