import { RING_SECONDS } from '../contract/limits.ts';
import type { TaskRow } from '../contract/task.ts';
import type { Logger } from './logger.ts';
import type { TaskQueue } from './task-queue.ts';
import type { Ledger } from './update-task.ts';

export interface RingDependencies {
  readonly queue: TaskQueue;
  readonly ledger: Ledger;
  readonly warn: Logger['warn'];
}

/** Sends a message about a queued task and records that it did. `now` in milliseconds. Throws when nothing was sent. */
export type Ring = (row: TaskRow, now: number) => Promise<void>;

/**
 * Send, then confirm. Dying in between costs a second message with the same number, which no claim takes. A task that is
 * not due has its message held back until it is.
 */
export const createRing =
  ({ queue, ledger, warn }: RingDependencies): Ring =>
  async (row, now) => {
    const dispatch = row.dispatch + 1;
    const delaySeconds = Math.max(0, (row.notBefore - now) / 1000);
    await queue.send({ v: 1, taskId: row.id, dispatch }, { owner: row.owner, pool: row.pool, delaySeconds });
    try {
      // Refused when a worker was faster, which is fine.
      await ledger.tell({
        id: row.id,
        event: 'dispatched',
        dispatch,
        ringSeconds: ringSecondsOf(row, now),
      });
    } catch (error) {
      // The message is in the queue: the worst that follows from its not being confirmed is another one.
      warn('Dispatch was not confirmed', { taskId: row.id, error: String(error) });
    }
  };

/**
 * When to look whether the message got lost: later after each one that was sent, and no later than something else must
 * happen to the row. Rounded up, so that the deadline has come by then.
 */
export const ringSecondsOf = (
  row: Pick<TaskRow, 'dispatch' | 'attempt' | 'startBy' | 'deadlineAt'>,
  now: number,
): number => {
  const deadline = row.attempt === 0 ? Math.min(row.startBy, row.deadlineAt) : row.deadlineAt;
  const patience = Math.min(RING_SECONDS.longest, RING_SECONDS.first * 2 ** row.dispatch);
  return Math.max(1, Math.min(patience, Math.ceil((deadline - now) / 1000)));
};
