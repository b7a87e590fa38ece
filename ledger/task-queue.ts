import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createHash } from 'node:crypto';
import { toMessageBody, type TaskMessage } from '../contract/message.ts';

export interface Delivery {
  /** Whose task it is. */
  readonly owner: string;
  /** How long nobody is to see the message. SQS holds one back for 15 minutes at most: then it comes too early. */
  readonly delaySeconds: number;
}

export interface TaskQueue {
  readonly send: (message: TaskMessage, delivery: Delivery) => Promise<void>;
}

const MAX_DELAY_SECONDS = 900;

export const createTaskQueue = (options: { sqs: SQSClient; url: string }): TaskQueue => ({
  send: async (message, { owner, delaySeconds }) => {
    await options.sqs.send(
      new SendMessageCommand({
        QueueUrl: options.url,
        MessageBody: toMessageBody(message),
        MessageGroupId: groupOf(owner),
        ...(delaySeconds > 0 && { DelaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(delaySeconds)) }),
      }),
    );
  },
});

/**
 * On a standard queue a group makes the queue fair: an owner with few messages does not wait behind one with many. A hash,
 * since who owns a task is not the queue's business.
 */
const groupOf = (owner: string): string => createHash('sha256').update(owner).digest('hex').slice(0, 32);
