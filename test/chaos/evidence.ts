import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createHash } from 'node:crypto';
import type { Client, Task } from '../../client-sdk/src/index.ts';
import type { TaskRow } from '../../contract/task.ts';
import { readParameters } from '../../client-sdk/src/front/wire/png-text.ts';
import type { LocalStack } from '../../local/stack.ts';
import type { Sighting } from './history.ts';
import { pixelsOf } from './pictures.ts';
import type { Life } from './users.ts';
import type { ChaosTask } from './workload.ts';

/** Everything that is known after a run, and all that the checks look at. */
export interface Evidence {
  readonly tasks: readonly ChaosTask[];
  readonly lives: readonly Life[];
  readonly sightings: readonly Sighting[];
  /** Read consistently. */
  readonly rows: ReadonlyMap<string, TaskRow>;
  /** Ids that the API lists, by owner. */
  readonly listed: ReadonlyMap<string, readonly string[]>;
  /** By key; one that is missing is not there. */
  readonly objects: ReadonlyMap<string, StoredImage>;
  /** Pixels of the right pictures, by task. */
  readonly expected: ReadonlyMap<string, readonly string[]>;
  readonly queue: { readonly visible: number; readonly inFlight: number };
  /** Bodies of the messages in any other queue. */
  readonly deadLetters: readonly string[];
  /** Processes that outlived the stack. */
  readonly survivors: readonly number[];
}

export interface StoredImage {
  readonly bytes: number;
  readonly sha256: string;
  /** Undefined: it is no whole PNG. */
  readonly pixels: string | undefined;
  readonly hasText: boolean;
}

export const readRows = async (
  stack: LocalStack,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TaskRow>> => {
  const rows = new Map<string, TaskRow>();
  for (const id of ids) {
    const row = await stack.inspect.task(id);
    if (row) rows.set(id, row);
  }
  return rows;
};

export const readObjects = async (
  stack: LocalStack,
  rows: ReadonlyMap<string, TaskRow>,
): Promise<ReadonlyMap<string, StoredImage>> => {
  const s3 = new S3Client({ ...stack.client, forcePathStyle: true });
  const objects = new Map<string, StoredImage>();
  try {
    for (const { key: Key } of [...rows.values()].flatMap(({ images = [] }) => images)) {
      const bytes = await readObject(s3, stack.inspect.names.originBucket, Key);
      if (bytes) objects.set(Key, toStoredImage(bytes));
    }
    return objects;
  } finally {
    s3.destroy();
  }
};

const readObject = async (s3: S3Client, Bucket: string, Key: string): Promise<Uint8Array | undefined> => {
  try {
    return await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray();
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return undefined;
    throw error;
  }
};

const toStoredImage = (bytes: Uint8Array): StoredImage => {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const known = { bytes: bytes.length, sha256, hasText: readParameters(bytes) !== undefined };
  try {
    return { ...known, pixels: pixelsOf(bytes) };
  } catch {
    return { ...known, pixels: undefined };
  }
};

/** Every page of an owner's tasks. */
export const listAll = async (client: Client): Promise<readonly Task[]> => {
  const tasks: Task[] = [];
  let nextToken: string | null = null;
  do {
    const page = await client.list({ limit: 100, nextToken });
    tasks.push(...page.items);
    nextToken = page.nextToken;
  } while (nextToken !== null);
  return tasks;
};

/** What is left in all queues but the main one. */
export const readDeadLetters = async (stack: LocalStack): Promise<readonly string[]> => {
  const sqs = new SQSClient({ ...stack.client, useQueueUrlAsEndpoint: false });
  try {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    const others = QueueUrls.filter(
      (url) => url.split('/').at(-1) !== stack.inspect.names.queueUrl.split('/').at(-1),
    );
    const bodies: string[] = [];
    for (const QueueUrl of others) bodies.push(...(await receiveAll(sqs, QueueUrl)));
    return bodies;
  } finally {
    sqs.destroy();
  }
};

const receiveAll = async (sqs: SQSClient, QueueUrl: string): Promise<string[]> => {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  const bodies: string[] = [];
  while (bodies.length < Number(Attributes.ApproximateNumberOfMessages)) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    if (Messages.length === 0) break;
    bodies.push(...Messages.map(({ Body = '' }) => Body));
  }
  return bodies;
};
