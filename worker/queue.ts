import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { RECEIVED_VISIBILITY_SECONDS } from '../contract/limits.ts';

/** A message in our hands. The handle is what SQS knows it by until its visibility ends. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: string | undefined;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  /** Out of our hands for good. */
  readonly acknowledge: () => Promise<void>;
  /** Hidden from everybody for that long from now; 0: back at once. At most 12 hours. */
  readonly hide: (seconds: number) => Promise<void>;
}

export interface MessageQueue {
  /** Waits up to 20 s for one message. */
  readonly receive: (signal: AbortSignal) => Promise<ReceivedMessage | undefined>;
}

const WAIT_SECONDS = 20;
const MAX_HIDE_SECONDS = 43_200;
/** The SDK's own repetitions included. A lease is renewed after it, and another task taken. */
const SETTLE_TIMEOUT_MS = 5000;

export const createMessageQueue = ({
  sqs,
  url,
}: {
  readonly sqs: SQSClient;
  readonly url: string;
}): MessageQueue => ({
  receive: async (signal) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: WAIT_SECONDS,
        VisibilityTimeout: RECEIVED_VISIBILITY_SECONDS,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
      { abortSignal: signal },
    );
    const [message] = Messages;
    if (!message) return undefined;
    const { MessageId = '', Body, ReceiptHandle, Attributes = {} } = message;
    return {
      messageId: MessageId,
      body: Body,
      receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
      acknowledge: async () => {
        await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }), {
          abortSignal: AbortSignal.timeout(SETTLE_TIMEOUT_MS),
        });
      },
      hide: async (seconds) => {
        const VisibilityTimeout = Math.min(MAX_HIDE_SECONDS, Math.max(0, Math.ceil(seconds)));
        await sqs.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }),
          { abortSignal: AbortSignal.timeout(SETTLE_TIMEOUT_MS) },
        );
      },
    };
  },
});
