import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccessKeys } from '../iam/access-keys.ts';
import { createSignatureVerifier } from '../iam/verify-signature.ts';
import { startGateway, type Gateway, type GatewayOptions } from './gateway.ts';

const keys = createAccessKeys();
const rootKey = keys.issue({
  arn: 'arn:aws:iam::111111111111:user/root',
  accountId: '111111111111',
  name: 'root',
  policies: [],
});
const calls: string[] = [];
let now = Date.now();

const start = (options: Partial<GatewayOptions> = {}): Promise<Gateway> =>
  startGateway({
    verifySignature: createSignatureVerifier({ lookup: keys.lookup }),
    rootKey,
    region: 'us-east-1',
    clock: () => now,
    onCall: (principal, call) => void calls.push(`${principal.name} ${call}`),
    ...options,
  });

const clients = (
  gateway: Gateway,
  credentials: { accessKeyId: string; secretAccessKey: string } = rootKey,
) => {
  const config = { endpoint: gateway.url, region: 'us-east-1', credentials };
  return {
    dynamodb: new DynamoDBClient({ ...config, maxAttempts: 1 }),
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  };
};

let gateway: Gateway;
let aws: ReturnType<typeof clients>;
beforeAll(async () => {
  gateway = await start();
  aws = clients(gateway);
});
afterAll(() => gateway.stop());

const createTable = async (TableName: string, { dynamodb } = aws): Promise<void> => {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'owner', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byOwner',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName });
};

const createQueue = async (
  name: string,
  attributes: Record<string, string> = {},
  { sqs } = aws,
): Promise<string> => {
  const created = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return created.QueueUrl ?? '';
};

describe('identity', () => {
  it('tells every call by its principal', async () => {
    await createTable('called');
    expect(calls).toContain('root DynamoDB.CreateTable');
  });

  it.each([
    [
      'a key it never issued',
      { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' },
      'UnrecognizedClientException',
    ],
    ['a wrong secret', { ...rootKey, secretAccessKey: 'guess' }, 'InvalidSignatureException'],
  ])('refuses %s as the service would', async (_name, credentials, code) => {
    const strangers = clients(gateway, credentials);
    await expect(
      strangers.dynamodb.send(new GetItemCommand({ TableName: 'called', Key: { id: { S: '1' } } })),
    ).rejects.toMatchObject({ name: code });
    await expect(
      strangers.sqs.send(new ReceiveMessageCommand({ QueueUrl: gateway.url })),
    ).rejects.toMatchObject({
      name: code,
    });
    const s3Code = code === 'InvalidSignatureException' ? 'SignatureDoesNotMatch' : 'InvalidAccessKeyId';
    await expect(
      strangers.s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k' })),
    ).rejects.toMatchObject({ name: s3Code });
  });

  it('lets nobody in without a signature', async () => {
    const response = await fetch(`${gateway.url}/bucket/key`);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('AccessDenied')]);
  });
});

describe('DynamoDB', () => {
  it('puts conditionally and queries an index', async () => {
    await createTable('tasks');
    const put = new PutItemCommand({
      TableName: 'tasks',
      Item: { id: { S: '1' }, owner: { S: 'ann' } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    await aws.dynamodb.send(put);
    await expect(aws.dynamodb.send(put)).rejects.toThrow(ConditionalCheckFailedException);
    const { Items } = await aws.dynamodb.send(
      new QueryCommand({
        TableName: 'tasks',
        IndexName: 'byOwner',
        KeyConditionExpression: '#o = :o',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':o': { S: 'ann' } },
      }),
    );
    expect(Items).toEqual([{ id: { S: '1' }, owner: { S: 'ann' } }]);
  });

  it('deletes items past their time to live, and no others', async () => {
    await createTable('expiring');
    const TableName = 'expiring';
    await aws.dynamodb.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      }),
    );
    const described = await aws.dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(described.TimeToLiveDescription).toEqual({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
    const seconds = Math.floor(now / 1000) + 60;
    for (const [id, ttl] of [
      ['soon', seconds],
      ['later', seconds + 3600],
    ] as const) {
      await aws.dynamodb.send(
        new PutItemCommand({ TableName, Item: { id: { S: id }, ttl: { N: String(ttl) } } }),
      );
    }
    expect(await gateway.sweepExpiredItems()).toBe(0);
    now += 61_000;
    expect(await gateway.sweepExpiredItems()).toBe(1);
    const { Item } = await aws.dynamodb.send(new GetItemCommand({ TableName, Key: { id: { S: 'later' } } }));
    expect(Item).toBeDefined();
  });
});

describe('SQS', () => {
  const receive = (QueueUrl: string, WaitTimeSeconds = 0) =>
    aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds, VisibilityTimeout: 30 }));

  it('names queues by its own address, and wakes a long poll when a message comes', async () => {
    const QueueUrl = await createQueue('woken');
    expect(QueueUrl.startsWith(gateway.url)).toBe(true);
    const poll = receive(QueueUrl, 20);
    await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const { Messages = [] } = await poll;
    expect(Messages.map(({ Body }) => Body)).toEqual(['hello']);
    await aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
  });

  it('gives a message to the next poller when the first had gone', async () => {
    const QueueUrl = await createQueue('handed-back');
    const aborted = new AbortController();
    const dead = aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: aborted.signal,
    });
    const alive = receive(QueueUrl, 20);
    aborted.abort();
    await expect(dead).rejects.toThrow();
    await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const first = (await alive).Messages ?? [];
    const { Messages = first } = first.length > 0 ? { Messages: first } : await receive(QueueUrl, 20);
    expect(Messages.map(({ Body }) => Body)).toEqual(['hello']);
  });

  it('counts a message as visible as soon as its visibility ended', async () => {
    const QueueUrl = await createQueue('counted');
    await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const { Messages = [] } = await receive(QueueUrl);
    const counts = async () => {
      const { Attributes = {} } = await aws.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return [Attributes.ApproximateNumberOfMessages, Attributes.ApproximateNumberOfMessagesNotVisible];
    };
    expect(await counts()).toEqual(['0', '1']);
    await aws.sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl,
        ReceiptHandle: Messages[0]?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(await counts()).toEqual(['1', '0']);
  });

  it('moves a message to the dead-letter queue once it was received too often', async () => {
    const dead = await createQueue('dead');
    const deadLetterTargetArn = 'arn:aws:sqs:us-east-1:000000000000:dead';
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
    const QueueUrl = await createQueue('mortal', { RedrivePolicy, VisibilityTimeout: '0' });
    await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
    for (let round = 0; round < 2; round += 1) {
      await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    }
    expect((await receive(dead)).Messages?.map(({ Body }) => Body)).toEqual(['poison']);
  });
});

describe('S3', () => {
  it('keeps objects with their headers, and reads ranges', async () => {
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'images' }));
    const object = { Bucket: 'images', Key: 'images/ü b/0.png' };
    await aws.s3.send(
      new PutObjectCommand({ ...object, Body: Buffer.alloc(300_000, 7), ContentType: 'image/png' }),
    );
    const head = await aws.s3.send(new HeadObjectCommand(object));
    expect(head).toMatchObject({ ContentType: 'image/png', ContentLength: 300_000 });
    const part = await aws.s3.send(new GetObjectCommand({ ...object, Range: 'bytes=0-9' }));
    expect((await part.Body?.transformToByteArray())?.length).toBe(10);
  });

  it('heeds presigned URLs, but for changed or expired ones', async () => {
    await aws.s3.send(new PutObjectCommand({ Bucket: 'images', Key: 'k', Body: 'hello' }));
    const sign = (expiresIn: number, at = new Date()) =>
      getSignedUrl(aws.s3, new GetObjectCommand({ Bucket: 'images', Key: 'k' }), {
        expiresIn,
        signingDate: at,
      });
    const status = async (url: string) => (await fetch(url)).status;
    expect(await (await fetch(await sign(60))).text()).toBe('hello');
    expect(await status((await sign(60)).replace('/k?', '/other?'))).toBe(403);
    expect(await status(await sign(60, new Date(Date.now() - 120_000)))).toBe(403);
  });
});

it('keeps everything in its data folder across a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sd-async-test-'));
  const first = await start({ dataDir });
  let mine = clients(first);
  await createTable('tasks', mine);
  await mine.dynamodb.send(new PutItemCommand({ TableName: 'tasks', Item: { id: { S: '1' } } }));
  const url = await createQueue('q', {}, mine);
  await mine.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'hello' }));
  await mine.s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  await mine.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'hello' }));
  await first.stop();

  const second = await start({ dataDir });
  mine = clients(second);
  const { Item } = await mine.dynamodb.send(
    new GetItemCommand({ TableName: 'tasks', Key: { id: { S: '1' } } }),
  );
  const { Messages } = await mine.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: url.replace(first.url, second.url) }),
  );
  const object = await mine.s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k' }));
  expect([Item?.id?.S, Messages?.[0]?.Body, await object.Body?.transformToString()]).toEqual([
    '1',
    'hello',
    'hello',
  ]);
  await second.stop();
  rmSync(dataDir, { recursive: true });
});
