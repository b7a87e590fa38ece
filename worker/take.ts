import { LEASE_SECONDS } from '../contract/limits.ts';
import { parseMessage } from '../contract/message.ts';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import type { Ledger, Verdict } from '../ledger/update-task.ts';
import { timeLeftMs, type Attempt } from './attempt.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { MessageQueue, ReceivedMessage } from './queue.ts';

export interface TakeOptions {
  readonly queue: MessageQueue;
  readonly ledger: Ledger;
  readonly workerId: string;
  readonly clock: Clock;
  /** A UUID. */
  readonly randomId: () => string;
  /** 32 random hex digits. */
  readonly randomNonce: () => string;
  readonly logger: Logger;
}

/** A message that names a task, not yet claimed. */
export interface Offer {
  /** Undefined: the task is not to be had now. Throws `LedgerUnavailableError`. */
  readonly claim: () => Promise<Attempt | undefined>;
  /** Leaves it to somebody else. Never throws. */
  readonly decline: () => Promise<void>;
}

/** Waits up to 20 s for a message. Undefined: there was none, or it was malformed. */
export type Take = (signal: AbortSignal) => Promise<Offer | undefined>;

/** While nobody can be told, the message comes back ever later: thirty receives must outlast an outage of an hour. */
const CLAIM_RETRY_SECONDS = { first: 5, longest: 300 };

/**
 * The message is a doorbell: only the row says whether there is something to do. A message whose task has ended is
 * acknowledged; one whose task somebody else works on, or that is not due, is hidden until that may have changed.
 */
export const createTake = (options: TakeOptions): Take => {
  const { queue, ledger, workerId, clock, randomId, randomNonce, logger } = options;

  const claim = async (message: ReceivedMessage, taskId: string): Promise<Attempt | undefined> => {
    const leaseToken = randomId();
    const input = { id: taskId, leaseToken, leaseSeconds: LEASE_SECONDS, workerId };
    const tell = (event: 'claim' | 'takeover'): Promise<Verdict> =>
      ledger.tell({ ...input, event } satisfies UpdateTaskInput);
    const verdict = await tell('claim').then((first) => (isAbandoned(first) ? tell('takeover') : first));
    if (verdict.accepted) {
      const { task } = verdict;
      return {
        task,
        leaseToken,
        nonce: randomNonce(),
        message,
        mustEndAt: clock.now() + timeLeftMs(task),
      };
    }
    const { code, info } = verdict;
    logger.info('task not taken', { taskId, code, ...info });
    await putAside(message, verdict).catch((error: unknown) => {
      logger.warn('message not put aside', { taskId, reason: String(error) });
    });
    return undefined;
  };

  return async (signal) => {
    const message = await queue.receive(signal);
    if (!message) return undefined;
    const parsed = parseMessage(message.body);
    if (!parsed.ok) {
      logger.error('malformed message thrown away', { messageId: message.messageId, reason: parsed.reason });
      await message.acknowledge();
      return undefined;
    }
    const { taskId } = parsed.message;
    return {
      claim: async () => {
        try {
          return await claim(message, taskId);
        } catch (error) {
          const { first, longest } = CLAIM_RETRY_SECONDS;
          const seconds = Math.min(longest, first * 2 ** (message.receiveCount - 1));
          await message.hide(seconds).catch(() => undefined);
          throw error;
        }
      },
      decline: () => message.hide(0).catch(() => undefined),
    };
  };
};

/** Somebody has it, but has not been heard of since the lease ended. */
const isAbandoned = (verdict: Verdict): boolean =>
  !verdict.accepted &&
  verdict.code === 'NOT_ALLOWED' &&
  verdict.info?.status === 'RUNNING' &&
  verdict.info.leaseRemainingMs === 0;

const putAside = async (message: ReceivedMessage, verdict: Verdict & { accepted: false }): Promise<void> => {
  const { code, info } = verdict;
  if (code === 'NOT_FOUND' || code === 'TERMINAL') return message.acknowledge();
  const waitMs = Math.max(info?.leaseRemainingMs ?? 0, info?.dueInMs ?? 0);
  return message.hide(waitMs > 0 ? Math.ceil(waitMs / 1000) : LEASE_SECONDS);
};
