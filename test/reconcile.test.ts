import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_RECEIVE_COUNT } from '../contract/limits.ts';
import { toMessageBody } from '../contract/message.ts';
import type { SubmitTaskInput, UpdateTaskInput } from '../contract/schema.generated.ts';
import type { TaskRow } from '../contract/task.ts';
import { createLedger, type Ledger } from '../ledger/update-task.ts';
import { clientOf, post, useStack } from './helpers/stack.ts';

/* What becomes of tasks whose worker, message or time is lost. There are no workers here: the test is the worker. */

const log: string[] = [];
const stackOf = useStack({ instances: 0, log: (source, line) => log.push(`${source} ${line}`) });

let ledger: Ledger;
let sqs: SQSClient;
let dynamodb: DynamoDBClient;
beforeAll(() => {
  const { urls, region, client, accessKey } = stackOf();
  ledger = createLedger({ graphqlUrl: urls.graphql, region, credentials: accessKey('worker') });
  sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  dynamodb = new DynamoDBClient(client);
});
afterAll(() => {
  sqs.destroy();
  dynamodb.destroy();
});

const submit = async (input: Partial<SubmitTaskInput> = {}): Promise<string> => {
  const handle = await clientOf(stackOf()).submit({
    txt2img: { prompt: 'a secret garden', seed: 1 },
    ...input,
  });
  return handle.id;
};

const rowOf = async (id: string): Promise<TaskRow> => {
  const row = await stackOf().inspect.task(id);
  if (!row) throw new Error(`There is no row ${id}`);
  return row;
};

const tell = async (input: UpdateTaskInput): Promise<void> => {
  const verdict = await ledger.tell(input);
  if (!verdict.accepted) throw new Error(`${input.event}: ${verdict.message}`);
};

/** Takes the task as a worker does whose lease has lapsed at once, and which is never heard of again. */
const claimAndVanish = (id: string): Promise<void> =>
  tell({ id, event: 'claim', leaseToken: randomUUID(), leaseSeconds: 0, workerId: 'gone' });

const pass = () => stackOf().tick('Reconciler');

/** Passes follow each other until the row is so: time is the resolver's, and can't be turned. */
const passUntil = async (id: string, expected: Partial<TaskRow>): Promise<TaskRow> => {
  await vi.waitFor(
    async () => {
      await pass();
      expect(await rowOf(id)).toMatchObject(expected);
    },
    { timeout: 8000, interval: 100 },
  );
  return rowOf(id);
};

/** The next message about the task, out of the queue; others, of tasks that are done with, are thrown away. */
const takeMessage = async (id: string): Promise<{ dispatch: number }> => {
  const QueueUrl = stackOf().inspect.names.queueUrl;
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
    const [message] = Messages;
    if (!message) throw new Error(`No message about ${id} came`);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    const body = JSON.parse(message.Body ?? '') as { taskId: string; dispatch: number };
    if (body.taskId === id) return body;
  }
};

describe('a task that nobody takes', () => {
  it('expires when it should have started', async () => {
    const id = await submit({ startWithinSeconds: 1 });
    const told = expect(clientOf(stackOf()).task(id).result()).rejects.toMatchObject({
      code: 'START_EXPIRED',
      task: { status: 'EXPIRED', attempt: 0 },
    });
    const row = await passUntil(id, { status: 'EXPIRED' });
    expect(row).not.toHaveProperty('wakeAt');
    await told;
  });

  it('fails when it should have ended', async () => {
    const id = await submit({ finishWithinSeconds: 1 });
    const { error } = await passUntil(id, { status: 'FAILED' });
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
  });

  it('is left alone until then, however often somebody looks', async () => {
    const id = await submit();
    const { version, wakeAt = 0, dispatchedAt = 0 } = await rowOf(id);
    await pass();
    expect((await rowOf(id)).version).toBe(version);
    expect(wakeAt - dispatchedAt).toBe(900_000);
  });
});

describe('a message that got lost', () => {
  it('is sent again where its sender died before it could confirm it', async () => {
    const { faults, inspect } = stackOf();
    const heal = faults.inject({ calls: ['SQS.SendMessage'], fault: { kind: 'refused', status: 500 } });
    const id = randomUUID();
    const query = 'mutation Submit($input: SubmitTaskInput!) { submitTask(input: $input) { id } }';
    const { errors } = await post(stackOf(), {
      ...{ query, variables: { input: { id, txt2img: { prompt: 'x' } } } },
    });
    heal();
    expect(errors[0]?.errorType).toBe('INTERNAL');
    expect(await rowOf(id)).not.toHaveProperty('dispatchedAt');
    await pass();
    expect((await rowOf(id)).dispatch).toBe(0);

    // The grace of half a minute has passed.
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: inspect.names.table,
        Key: { id: { S: id } },
        UpdateExpression: 'SET wakeAt = :now',
        ExpressionAttributeValues: { ':now': { N: String(Date.now()) } },
      }),
    );
    const { dispatchedAt = 0, wakeAt = 0 } = await passUntil(id, { dispatch: 1, status: 'QUEUED' });
    expect(wakeAt - dispatchedAt).toBe(900_000);
    expect(await takeMessage(id)).toMatchObject({ dispatch: 1 });
  });
});

describe('a task whose worker is lost', () => {
  it('goes back to the queue after a while, and a message comes when it is due', async () => {
    const id = await submit();
    await takeMessage(id);
    await claimAndVanish(id);
    const row = await passUntil(id, { status: 'QUEUED', attempt: 1, failures: 1, dispatch: 2 });
    expect(row.notBefore - row.updatedAt).toBeGreaterThan(1000);
    expect(await takeMessage(id)).toMatchObject({ dispatch: 2 });
    // The message was held back until then.
    expect(Date.now()).toBeGreaterThanOrEqual(row.notBefore);
    await tell({ id, event: 'claim', leaseToken: randomUUID(), leaseSeconds: 30, workerId: 'next' });
    await pass();
    expect(await rowOf(id)).toMatchObject({ status: 'RUNNING', attempt: 2, failures: 1 });
  });

  it('fails when that was the last attempt that it had', async () => {
    const id = await submit();
    for (const attempt of [1, 2]) {
      const leaseToken = randomUUID();
      await tell({ id, event: 'claim', leaseToken, leaseSeconds: 30, workerId: 'w' });
      await tell({ id, event: 'retry', attempt, leaseToken, backOffSeconds: 0, ringSeconds: 900 });
    }
    await claimAndVanish(id);
    const { error } = await passUntil(id, { status: 'FAILED', attempt: 3, failures: 3 });
    expect(error).toMatchObject({ code: 'WORKER_LOST', retryable: true });
  });

  it('is canceled where that was asked for', async () => {
    const id = await submit();
    await claimAndVanish(id);
    await clientOf(stackOf()).cancel(id);
    expect((await rowOf(id)).status).toBe('CANCELING');
    await passUntil(id, { status: 'CANCELED', failures: 0 });
  });

  it('is taken back once where two passes look at it at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => submit()));
    await Promise.all(ids.map(claimAndVanish));
    await Promise.all([pass(), pass(), pass()]);
    const rows = await Promise.all(ids.map(rowOf));
    expect(rows.map(({ status, failures }) => [status, failures])).toEqual(ids.map(() => ['QUEUED', 1]));
    expect(new Set(rows.map(({ dispatch }) => dispatch))).toEqual(new Set([2]));
  });
});

describe('a message that comes back too often', () => {
  const deadLettersAreDone = (): Promise<void> =>
    vi.waitFor(
      async () => {
        const QueueUrl = stackOf().inspect.names.deadLetterQueueUrl;
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
        );
        expect(Attributes).toMatchObject({
          ApproximateNumberOfMessages: '0',
          ApproximateNumberOfMessagesNotVisible: '0',
        });
      },
      { timeout: 8000 },
    );

  const bury = async (MessageBody: string): Promise<void> => {
    const QueueUrl = stackOf().inspect.names.deadLetterQueueUrl;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  };

  it('ends its task', async () => {
    const QueueUrl = stackOf().inspect.names.queueUrl;
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    const id = await submit();
    const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 });
    for (let receives = 0; receives < MAX_RECEIVE_COUNT; receives += 1) {
      const { Messages = [] } = await sqs.send(receive);
      const ReceiptHandle = Messages[0]?.ReceiptHandle;
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
    expect((await rowOf(id)).status).toBe('QUEUED');
    // This once more is once too often: SQS moves it to the dead-letter queue.
    expect((await sqs.send(receive)).Messages ?? []).toEqual([]);
    await vi.waitFor(async () => expect((await rowOf(id)).status).toBe('FAILED'), { timeout: 8000 });
    expect((await rowOf(id)).error).toMatchObject({ code: 'UNDELIVERABLE', retryable: true });
  });

  it('is no matter to a task that somebody works on', async () => {
    const id = await submit();
    await tell({ id, event: 'claim', leaseToken: randomUUID(), leaseSeconds: 30, workerId: 'w' });
    await bury(toMessageBody({ v: 1, taskId: id, dispatch: 1 }));
    await bury('not json, but a secret garden');
    await deadLettersAreDone();
    expect((await rowOf(id)).status).toBe('RUNNING');
    expect(log.filter((line) => line.includes('malformed dead message'))).toHaveLength(1);
  });
});

describe('the functions that keep tasks true', () => {
  it('make no call but those that they were granted, and print no prompt', () => {
    const callsOf = (role: string): string[] =>
      Object.entries(stackOf().inspect.calls()).flatMap(([name, calls]) =>
        name.includes(role) ? Object.keys(calls).sort() : [],
      );
    expect(callsOf('ReconcilerFunction')).toEqual(['DynamoDB.GetItem', 'DynamoDB.Query', 'SQS.SendMessage']);
    expect(callsOf('DeadLettersFunction')).toEqual(['SQS.DeleteMessageBatch', 'SQS.ReceiveMessage']);
    expect(log.length).toBeGreaterThan(0);
    expect(log.join('\n')).not.toContain('secret garden');
  });
});
