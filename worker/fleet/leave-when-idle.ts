import type { SeenQueue } from '../../ledger/see-queue.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Activity } from './activity.ts';
import { LEAVE_TUNING, shouldLeave, type LeaveDecision, type LeaveTuning } from './should-leave.ts';

export interface LeaveWhenIdleOptions {
  readonly instanceId: string;
  readonly activity: Pick<Activity, 'idle'>;
  /** The pool, as of the last pass. Throws when it can't be learned. */
  readonly see: (signal: AbortSignal) => Promise<SeenQueue | undefined>;
  /** Has Auto Scaling take this instance away and lower the capacity with it. */
  readonly terminate: () => Promise<'going' | 'refused'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ASK_INTERVAL_MS = 5000;
/** A pass comes once a minute, and when somebody is woken. */
const LOOK_INTERVAL_MS = 15_000;
/** After a refusal: what was refused then, e.g. because of `min`, is so for a while. */
const REFUSED_PAUSE_MS = 30_000;

/**
 * Waits until there is no reason for this instance to stay, and until Auto Scaling has agreed. Undefined: the signal came
 * first. The worker takes tasks all the while; one that it takes at the last moment it finishes as it drains.
 */
export const leaveWhenIdle = async (
  { instanceId, activity, see, terminate, clock, logger }: LeaveWhenIdleOptions,
  signal: AbortSignal,
): Promise<LeaveDecision | undefined> => {
  let seen: { readonly at: number; readonly queue: SeenQueue | undefined } | undefined;

  const look = async (): Promise<SeenQueue | undefined> => {
    if (seen && clock.now() - seen.at < LOOK_INTERVAL_MS) return seen.queue;
    try {
      seen = { at: clock.now(), queue: await see(signal) };
    } catch (error) {
      logger.debug('fleet not seen', { reason: String(error) });
      seen = { at: clock.now(), queue: undefined };
    }
    return seen.queue;
  };

  const consider = async (): Promise<LeaveDecision | undefined> => {
    if (!activity.idle()) return undefined;
    const queue = await look();
    const idle = activity.idle();
    if (!queue || !seen || !idle) return undefined;
    const { queued, returning, gpuSeconds, members, targetWaitSeconds, instances } = queue;
    const ageSeconds = queue.ageSeconds + (clock.now() - seen.at) / 1000;
    const fleet = { ageSeconds, backlogSeconds: gpuSeconds, queued, returning, members };
    return shouldLeave(
      { instanceId, ...idle, fleet, min: instances.min, targetWaitSeconds },
      toTuning(queue),
    );
  };

  while (!signal.aborted) {
    await clock.delay(ASK_INTERVAL_MS, signal).catch(() => undefined);
    if (signal.aborted) break;
    const decision = await consider();
    if (!decision?.leave) continue;
    logger.info('instance is not needed', { reason: decision.reason });
    if ((await terminate()) === 'going') return decision;
    await clock.delay(REFUSED_PAUSE_MS, signal).catch(() => undefined);
  }
  return undefined;
};

/** What an operator has said holds whether tasks come often or not, and nobody stays longer than the last one. */
const toTuning = ({ idleSeconds, targetWaitSeconds }: SeenQueue): LeaveTuning => {
  if (idleSeconds === null) return LEAVE_TUNING;
  const spareIdleTimesTarget = Math.min(LEAVE_TUNING.spareIdleTimesTarget, idleSeconds * targetWaitSeconds);
  return {
    ...LEAVE_TUNING,
    spareIdleTimesTarget,
    lastIdleSeconds: idleSeconds,
    rareIdleSeconds: idleSeconds,
  };
};
