import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway, type Gateway } from '../gateway/gateway.ts';
import { createAccessKeys } from '../iam/access-keys.ts';
import { createSignatureVerifier } from '../iam/verify-signature.ts';
import type { InvocationReply } from '../lambda/execution-environment.ts';
import type { Deployment } from './deployment.ts';
import { startEventSources, type EventSources } from './event-sources.ts';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:dead';

interface Event {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

const keys = createAccessKeys();
const keyOf = (name: string) =>
  keys.issue({
    arn: `arn:aws:iam::000000000000:role/${name}`,
    accountId: '000000000000',
    name,
    policies: [],
  });
const rootKey = keyOf('root');
const polls: string[] = [];
let gateway: Gateway;
let sqs: SQSClient;
let QueueUrl = '';
let source: EventSources | undefined;

beforeAll(async () => {
  gateway = await startGateway({
    verifySignature: createSignatureVerifier({ lookup: keys.lookup }),
    rootKey,
    region: 'us-east-1',
    onCall: ({ name }, call) => polls.push(`${name} ${call}`),
  });
  sqs = new SQSClient({ endpoint: gateway.url, region: 'us-east-1', credentials: rootKey });
  const Attributes = { VisibilityTimeout: '1' };
  QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'dead', Attributes }))).QueueUrl ?? '';
});
afterEach(async () => {
  await source?.stop();
});
afterAll(async () => {
  sqs.destroy();
  await gateway.stop();
});

/** A mapping onto a function that replies so to its batches, one after the other, and then is content. */
const start = (mapping: object, replies: ((event: Event) => InvocationReply)[] = []) => {
  const events: Event[] = [];
  const fn = {
    functionName: 'bury',
    invoke: async (event: unknown): Promise<InvocationReply> => {
      events.push(event as Event);
      return replies.shift()?.(event as Event) ?? { payload: null };
    },
    stop: async () => undefined,
  };
  source = startEventSources({
    deployment: {
      idsOf: (type: string) => [type === 'AWS::SQS::Queue' ? 'Queue' : 'Source'],
      propertiesOf: () => ({ EventSourceArn: ARN, FunctionName: 'bury', BatchSize: 10, ...mapping }),
      physical: () => ({ ref: QueueUrl, attributes: { Arn: ARN } }),
      roles: { assume: () => keyOf('BuryRole') },
    } as unknown as Deployment,
    functions: new Map([['bury', { fn, roleArn: 'arn:role', environment: () => ({}) }]]),
    client: { endpoint: gateway.url, region: 'us-east-1', credentials: rootKey },
    log: () => undefined,
  });
  return events;
};

const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

const queueIsEmpty = (): Promise<void> =>
  vi.waitFor(
    async () => {
      const AttributeNames = ['All' as const];
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      expect(Attributes).toMatchObject({
        ApproximateNumberOfMessages: '0',
        ApproximateNumberOfMessagesNotVisible: '0',
      });
    },
    { timeout: 10_000, interval: 50 },
  );

const REPORTING = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

describe('an event source mapping', () => {
  it('gives the function what Lambda gives it, under the role of the function, and deletes what it dealt with', async () => {
    const events = start(REPORTING);
    await send('one');
    await queueIsEmpty();
    expect(events[0]).toEqual({
      Records: [
        {
          messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          receiptHandle: expect.any(String) as string,
          body: 'one',
          attributes: expect.objectContaining({ ApproximateReceiveCount: '1' }) as object,
          messageAttributes: {},
          md5OfBody: 'f97c5d29941bfb1b2fdab0874906ab82',
          eventSource: 'aws:sqs',
          eventSourceARN: ARN,
          awsRegion: 'us-east-1',
        },
      ],
    });
    expect(polls).toContain('BuryRole SQS.ReceiveMessage');
    expect(polls).toContain('BuryRole SQS.DeleteMessageBatch');
  });

  it('has those come again that the function names, once their visibility ends', async () => {
    const failAll = ({ Records }: Event): InvocationReply => ({
      payload: { batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) },
    });
    const events = start(REPORTING, [failAll]);
    await send('two');
    await queueIsEmpty();
    expect(events.map(({ Records }) => Records[0]?.body)).toEqual(['two', 'two']);
  });

  it.each([
    ['it failed', { error: { errorType: 'Error', errorMessage: 'no', stackTrace: [] } }],
    ['it names a stranger', { payload: { batchItemFailures: [{ itemIdentifier: 'stranger' }] } }],
  ] satisfies [string, InvocationReply][])('takes nothing for done where %s', async (_name, reply) => {
    const events = start(REPORTING, [() => reply]);
    await send('three');
    await queueIsEmpty();
    expect(events).toHaveLength(2);
  });

  it('heeds no failures that the function was not asked for', async () => {
    const events = start({}, [() => ({ payload: { batchItemFailures: [{ itemIdentifier: 'stranger' }] } })]);
    await send('four');
    await queueIsEmpty();
    expect(events).toHaveLength(1);
  });

  it('is refused by name where it has what the runner does not know', () => {
    expect(() => start({ FilterCriteria: {} })).toThrow(/Source.*FilterCriteria/);
    source = undefined;
  });
});
