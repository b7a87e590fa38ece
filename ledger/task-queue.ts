import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createHash } from 'node:crypto';
import { toMessageBody, type TaskMessage } from '../contract/message.ts';
import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { Pool } from '../contract/pool.ts';

export interface Delivery {
  /** Whose task it is. */
  readonly owner: string;
  /** Whose queue it goes to. One that is no more: the default one's, whose workers say what they lack. */
  readonly pool: string;
  /** How long nobody is to see the message. SQS holds one back for 15 minutes at most: then it comes too early. */
  readonly delaySeconds: number;
}

export interface TaskQueue {
  readonly send: (message: TaskMessage, delivery: Delivery) => Promise<void>;
}

const MAX_DELAY_SECONDS = 900;

export const createTaskQueue = (options: { sqs: SQSClient; pools: readonly Pool[] }): TaskQueue => ({
  send: async (message, { owner, pool, delaySeconds }) => {
    await options.sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrlOf(pool, options.pools),
        MessageBody: toMessageBody(message),
        MessageGroupId: groupOf(owner),
        ...(delaySeconds > 0 && { DelaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(delaySeconds)) }),
      }),
    );
  },
});

const queueUrlOf = (pool: string, pools: readonly Pool[]): string | undefined =>
  (pools.find(({ name }) => name === pool) ?? pools.find(({ name }) => name === DEFAULT_POOL))?.queueUrl;

/**
 * On a standard queue a group makes the queue fair: an owner with few messages does not wait behind one with many. A hash,
 * since who owns a task is not the queue's business.
 */
const groupOf = (owner: string): string => createHash('sha256').update(owner).digest('hex').slice(0, 32);
