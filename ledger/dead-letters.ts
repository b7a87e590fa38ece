import { toFailure } from '../contract/errors.ts';
import { parseMessage } from '../contract/message.ts';
import type { Logger } from './logger.ts';
import type { Ledger } from './update-task.ts';

/** A message that came back too often, as the dead-letter queue hands it out. */
export interface DeadLetter {
  readonly messageId: string;
  readonly body: string;
}

/** Ends the tasks whose newest message is dead. Answers the ids of those messages that must come again. */
export type Bury = (letters: readonly DeadLetter[]) => Promise<readonly string[]>;

/**
 * A dead message is the end of its task only while the task waits and no newer message is known. Whatever else is true of the
 * row (a worker has it, it has ended, a newer message is on its way) the ledger refuses, and the message has served its time: it is
 * recorded and acknowledged. Only where nobody was there to decide does it come again.
 */
export const createBury = ({ ledger, logger }: { ledger: Ledger; logger: Logger }): Bury => {
  const bury = async ({ messageId, body }: DeadLetter): Promise<boolean> => {
    const parsed = parseMessage(body);
    if (!parsed.ok) {
      // What is wrong, not what it says: nobody knows what that is.
      logger.error('malformed dead message thrown away', { messageId, reason: parsed.reason });
      return true;
    }
    const { taskId, dispatch } = parsed.message;
    const fields = { messageId, taskId, dispatch };
    try {
      const error = toFailure('UNDELIVERABLE', 'Its message came back too often.');
      const verdict = await ledger.tell({ id: taskId, event: 'dead', dispatch, error });
      if (verdict.accepted) logger.warn('task ended by its dead message', fields);
      else {
        const { code, info } = verdict;
        logger.info('dead message acknowledged', { ...fields, code, status: info?.status });
      }
      return true;
    } catch (error) {
      logger.error('dead message not told', { ...fields, error: String(error) });
      return false;
    }
  };

  return async (letters) => {
    const done = await Promise.all(letters.map(bury));
    return letters.filter((_, index) => !done[index]).map(({ messageId }) => messageId);
  };
};
