import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../local/faults/faults.ts';
import { isFor, keyOf, openSocket } from './helpers/realtime-client.ts';
import { post, SUBMIT, useStack } from './helpers/stack.ts';

/* What the local stack lets go wrong on demand is what a client would see of it, and nothing else. */

const stackOf = useStack({ instances: 0 });

const rules: (() => void)[] = [];
afterEach(() => {
  for (const takeAway of rules.splice(0)) takeAway();
});
const inject = (call: string, fault: Fault): void => {
  rules.push(stackOf().faults.inject({ calls: [call], fault }));
};

/** Of a user who may do everything: nothing goes wrong for the stack's own key. */
const asUser = () => {
  const { client, accessKey, inspect } = stackOf();
  const config = { ...client, credentials: accessKey('tester'), maxAttempts: 1 };
  return {
    s3: new S3Client({ ...config, forcePathStyle: true }),
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    Bucket: inspect.names.originBucket,
    QueueUrl: inspect.names.queueUrl,
  };
};

const contentOf = async (Key: string): Promise<string | undefined> => {
  const s3 = new S3Client({ ...stackOf().client, forcePathStyle: true });
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: stackOf().inspect.names.originBucket, Key }),
    );
    return await Body?.transformToString();
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return undefined;
    throw error;
  } finally {
    s3.destroy();
  }
};

describe('a call to S3', () => {
  it.each<[string, Fault, number | undefined, boolean]>([
    ['is refused', { kind: 'refused', status: 503 }, 503, false],
    ['is done and answered with 500', { kind: 'unheard' }, 500, true],
    ['is done and its connection cut', { kind: 'cut' }, undefined, true],
  ])('%s', async (_name, fault, status, isDone) => {
    const { s3, Bucket } = asUser();
    inject('S3.PutObject', fault);
    const Key = randomUUID();
    const put = s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
    const error = await put.then(
      () => undefined,
      (thrown: unknown) => thrown as { $metadata?: { httpStatusCode?: number } },
    );
    expect(error).toBeDefined();
    expect(error?.$metadata?.httpStatusCode).toBe(status);
    expect(await contentOf(Key)).toBe(isDone ? 'hello' : undefined);
    s3.destroy();
  });

  it('is never answered, until its caller has enough', async () => {
    const { s3, Bucket } = asUser();
    inject('S3.PutObject', { kind: 'silent' });
    const Key = randomUUID();
    const put = s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }), {
      abortSignal: AbortSignal.timeout(200),
    });
    await expect(put).rejects.toMatchObject({ name: 'AbortError' });
    expect(await contentOf(Key)).toBeUndefined();
    s3.destroy();
  });

  it('comes late', async () => {
    const { s3, Bucket } = asUser();
    inject('S3.PutObject', { kind: 'slow', ms: 150 });
    const startedAt = performance.now();
    await s3.send(new PutObjectCommand({ Bucket, Key: randomUUID(), Body: 'hello' }));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149);
    s3.destroy();
  });
});

describe('a message', () => {
  const receive = async () => {
    const { sqs, QueueUrl } = asUser();
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1 }),
    );
    return Messages[0];
  };
  const remove = async (ReceiptHandle: string | undefined) => {
    const { sqs, QueueUrl } = asUser();
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  };

  it('is received by two', async () => {
    const { sqs, QueueUrl } = asUser();
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'bell' }));
    inject('SQS.ReceiveMessage', { kind: 'twice' });
    const first = await receive();
    rules.pop()?.();
    const second = await receive();
    expect([first?.Body, second?.Body]).toEqual(['bell', 'bell']);
    expect(second?.MessageId).toBe(first?.MessageId);
    await remove(second?.ReceiptHandle);
    expect(await stackOf().inspect.queue()).toEqual({ visible: 0, inFlight: 0 });
  });

  it('is sent twice', async () => {
    const { sqs, QueueUrl } = asUser();
    inject('SQS.SendMessage', { kind: 'twice' });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'bell' }));
    const both = [await receive(), await receive()];
    expect(both[0]?.MessageId).not.toBe(both[1]?.MessageId);
    for (const message of both) await remove(message?.ReceiptHandle);
  });
});

describe('a field of AppSync', () => {
  const submit = (id: string) =>
    post(stackOf(), {
      query: SUBMIT,
      variables: { input: { id, txt2img: { prompt: 'x', width: 64, height: 64 } } },
    });

  it('is refused before anything happened', async () => {
    inject('AppSync.submitTask', { kind: 'refused', status: 503 });
    const id = randomUUID();
    expect(await submit(id)).toMatchObject({ status: 503, errors: [{ errorType: 'InternalFailure' }] });
    expect(await stackOf().inspect.task(id)).toBeUndefined();
  });

  it('is done and answered with 500', async () => {
    inject('AppSync.submitTask', { kind: 'unheard' });
    const id = randomUUID();
    expect((await submit(id)).status).toBe(500);
    expect(await stackOf().inspect.task(id)).toMatchObject({ status: 'QUEUED' });
  });

  it('is done and its connection cut', async () => {
    inject('AppSync.submitTask', { kind: 'cut' });
    const id = randomUUID();
    await expect(submit(id)).rejects.toThrow();
    expect(await stackOf().inspect.task(id)).toMatchObject({ status: 'QUEUED' });
  });
});

describe('AppSync', () => {
  const WATCH = 'subscription { onTaskUpdated { id status version } }';
  const submitAndCancel = async (): Promise<void> => {
    const id = randomUUID();
    const input = { id, txt2img: { prompt: 'x', width: 64, height: 64 } };
    await post(stackOf(), { query: SUBMIT, variables: { input } });
    await post(stackOf(), { query: `mutation { cancelTask(id: "${id}") { id } }` });
  };
  const watching = async () => {
    const socket = await openSocket(stackOf());
    socket.send({ type: 'connection_init' });
    socket.start('1', WATCH, keyOf(stackOf()));
    await socket.next(isFor('1', 'start_ack'));
    return socket;
  };

  it('loses what it should push', async () => {
    const socket = await watching();
    inject('AppSync.push', { kind: 'silent' });
    await submitAndCancel();
    rules.pop()?.();
    await submitAndCancel();
    const frames = [await socket.next(isFor('1', 'data')), await socket.next(isFor('1', 'data'))];
    // Of the second task alone, both of one id.
    const ids = frames.map(({ payload }) => payload?.data?.onTaskUpdated?.id);
    expect(ids[0]).toBe(ids[1]);
    socket.close();
  });

  it('loses its sockets, and goes on', async () => {
    const socket = await watching();
    expect(stackOf().faults.cutSockets()).toBe(1);
    expect(await socket.closed).toBe(1006);
    (await watching()).close();
  });

  it('goes away and comes back on the same port, with everything it knew', async () => {
    const socket = await watching();
    const restarted = stackOf().faults.restartAppSync(100);
    expect(await socket.closed).toBe(1006);
    await expect(post(stackOf(), { query: '{ tasks { nextToken } }' })).rejects.toThrow('fetch failed');
    await restarted;
    expect((await post(stackOf(), { query: '{ tasks { nextToken } }' })).status).toBe(200);
    (await watching()).close();
  });
});
