import { LEASE_SECONDS } from '../contract/limits.ts';
import { parseMessage } from '../contract/message.ts';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import type { Ledger, Verdict } from '../ledger/update-task.ts';
import type { Attempt } from './attempt.ts';
import type { Logger } from './logger.ts';
import type { MessageQueue, ReceivedMessage } from './queue.ts';

export interface TakeOptions {
  readonly queue: MessageQueue;
  readonly ledger: Ledger;
  readonly workerId: string;
  /** A UUID. */
  readonly randomId: () => string;
  /** 32 random hex digits. */
  readonly randomNonce: () => string;
  readonly logger: Logger;
}

/** Waits for a message and claims its task. Undefined: there was none, or its task is not to be had now. */
export type Take = (signal: AbortSignal) => Promise<Attempt | undefined>;

/**
 * The message is a doorbell: only the row says whether there is something to do. A message whose task has ended is
 * acknowledged; one whose task somebody else works on, or that is not due, is hidden until that may have changed.
 */
export const createTake = (options: TakeOptions): Take => {
  const { queue, ledger, workerId, randomId, randomNonce, logger } = options;

  const claim = async (message: ReceivedMessage, taskId: string): Promise<Attempt | undefined> => {
    const leaseToken = randomId();
    const input = { id: taskId, leaseToken, leaseSeconds: LEASE_SECONDS, workerId };
    const tell = (event: 'claim' | 'takeover'): Promise<Verdict> =>
      ledger.tell({ ...input, event } satisfies UpdateTaskInput);
    let verdict = await tell('claim');
    if (isAbandoned(verdict)) verdict = await tell('takeover');
    if (verdict.accepted) return { task: verdict.task, leaseToken, nonce: randomNonce(), message };
    await putAside(message, verdict);
    const { code, info } = verdict;
    logger.info('task not taken', { taskId, code, ...info });
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
    try {
      return await claim(message, parsed.message.taskId);
    } catch (error) {
      // Nobody has heard us: the message comes back soon, to whoever is better connected.
      await message.hide(CLAIM_RETRY_SECONDS).catch(() => undefined);
      throw error;
    }
  };
};

const CLAIM_RETRY_SECONDS = 5;

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
