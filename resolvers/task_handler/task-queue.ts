import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { toMessageBody, type TaskMessage } from '../../contract/message.ts';

export interface TaskQueue {
  readonly send: (message: TaskMessage) => Promise<void>;
}

export const createTaskQueue = (options: { sqs: SQSClient; url: string }): TaskQueue => ({
  send: async (message) => {
    await options.sqs.send(
      new SendMessageCommand({ QueueUrl: options.url, MessageBody: toMessageBody(message) }),
    );
  },
});
