import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientConfig } from '../template/engines.ts';
import type { InvocationReply } from '../lambda/execution-environment.ts';
import { TemplateError } from '../template/types.ts';
import { REGION, type Deployment } from './deployment.ts';
import { functionOf, type DeployedFunction } from './functions.ts';

/*
 * AWS::Lambda::EventSourceMapping of an SQS queue: takes messages with the function's own role, invokes it with a batch, and
 * deletes what was dealt with (AWS Lambda developer guide, "Using Lambda with Amazon SQS").
 */

interface MappingProperties {
  readonly EventSourceArn: string;
  readonly FunctionName: string;
  readonly BatchSize?: number;
  readonly Enabled?: boolean;
  readonly FunctionResponseTypes?: readonly string[];
}

const KNOWN = new Set(['EventSourceArn', 'FunctionName', 'BatchSize', 'Enabled', 'FunctionResponseTypes']);

const WAIT_SECONDS = 20;
/** After a call that failed; the real pollers back off as well. */
const PAUSE_MS = 1000;

export interface EventSourcesOptions {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  readonly client: ClientConfig;
  readonly log: (source: string, line: string) => void;
}

export interface EventSources {
  readonly stop: () => Promise<void>;
}

export const startEventSources = (options: EventSourcesOptions): EventSources => {
  const pollers = options.deployment
    .idsOf('AWS::Lambda::EventSourceMapping')
    .flatMap((logicalId) => startPoller(logicalId, options) ?? []);
  return {
    stop: async () => {
      await Promise.all(pollers.map((poller) => poller.stop()));
    },
  };
};

const startPoller = (logicalId: string, options: EventSourcesOptions): EventSources | undefined => {
  const { deployment, functions, client, log } = options;
  const properties = deployment.propertiesOf<MappingProperties>(logicalId);
  const unknown = Object.keys(properties).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0)
    throw new TemplateError(`${logicalId}: the local runner knows no ${unknown.join()}`);
  if (properties.Enabled === false) return undefined;
  const { fn, roleArn } = functionOf(functions, properties.FunctionName, logicalId);
  const sqs = new SQSClient({
    ...client,
    credentials: deployment.roles.assume(roleArn, fn.functionName),
    useQueueUrlAsEndpoint: false,
  });
  const arn = properties.EventSourceArn;
  const QueueUrl = queueUrlOf(deployment, logicalId, arn);
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  );

  const serve = async (): Promise<void> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(10, properties.BatchSize ?? 10),
        WaitTimeSeconds: WAIT_SECONDS,
        MessageSystemAttributeNames: ['All'],
      }),
      { abortSignal: signal },
    );
    if (Messages.length === 0) return;
    const event = { Records: Messages.map((message) => toRecord(message, arn)) };
    // Who stops does not wait for the function: what was not deleted comes again.
    const reply = await Promise.race([fn.invoke(event), stopped]);
    if (!reply) return;
    if ('error' in reply) log(logicalId, `${reply.error.errorType}: ${reply.error.errorMessage}`);
    const done = dealtWith(Messages, reply, properties.FunctionResponseTypes ?? []);
    if (done.length > 0)
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: toEntries(done) }));
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await serve();
      } catch (error) {
        if (signal.aborted) break;
        log(logicalId, String(error));
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  };

  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      sqs.destroy();
    },
  };
};

const queueUrlOf = ({ idsOf, physical }: Deployment, logicalId: string, arn: string): string => {
  const queue = idsOf('AWS::SQS::Queue')
    .map(physical)
    .find(({ attributes }) => attributes.Arn === arn);
  if (!queue) throw new TemplateError(`${logicalId}: ${arn} is no queue of the template`);
  return queue.ref;
};

const toRecord = (message: Message, eventSourceARN: string): object => ({
  messageId: message.MessageId,
  receiptHandle: message.ReceiptHandle,
  body: message.Body,
  attributes: message.Attributes ?? {},
  messageAttributes: {},
  md5OfBody: message.MD5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN,
  awsRegion: REGION,
});

const toEntries = (messages: readonly Message[]) =>
  messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));

interface BatchReply {
  readonly batchItemFailures?: readonly { readonly itemIdentifier?: unknown }[] | null;
}

/** All of them, but those that the reply names. A function that failed, or that names a stranger, has dealt with none. */
const dealtWith = (
  messages: readonly Message[],
  reply: InvocationReply,
  responseTypes: readonly string[],
): readonly Message[] => {
  if ('error' in reply) return [];
  if (!responseTypes.includes('ReportBatchItemFailures')) return messages;
  const { batchItemFailures } = (reply.payload ?? {}) as BatchReply;
  const failed = new Set((batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  const ids = new Set<unknown>(messages.map(({ MessageId }) => MessageId));
  if ([...failed].some((id) => !ids.has(id))) return [];
  return messages.filter(({ MessageId }) => !failed.has(MessageId));
};
