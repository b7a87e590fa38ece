import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  BucketAlreadyExists,
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Resolve } from './intrinsics.ts';
import type { PhysicalResource, Template, TemplateResource } from './types.ts';

export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface EnginesOptions {
  readonly template: Template;
  readonly resolve: Resolve;
  readonly physical: (logicalId: string) => PhysicalResource;
  readonly client: ClientConfig;
}

/** Creates the template's tables, queues and buckets. What is there already, kept from an earlier run, stays. */
export const createEngineResources = async (options: EnginesOptions): Promise<void> => {
  const { template, resolve, physical, client } = options;
  const dynamodb = new DynamoDBClient(client);
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  const s3 = new S3Client({ ...client, forcePathStyle: true });

  const properties = (resource: TemplateResource): Record<string, unknown> =>
    resolve(resource.Properties ?? {}) as Record<string, unknown>;

  // Redrive policies name queues by ARN, and the engine wants those to exist: queues without one come first.
  const entries = Object.entries(template.Resources).sort(
    ([, left], [, right]) =>
      Number('RedrivePolicy' in (left.Properties ?? {})) -
      Number('RedrivePolicy' in (right.Properties ?? {})),
  );
  try {
    for (const [logicalId, resource] of entries) {
      const { ref } = physical(logicalId);
      if (resource.Type === 'AWS::DynamoDB::Table' || resource.Type === 'AWS::DynamoDB::GlobalTable') {
        await createTable(dynamodb, ref, properties(resource));
      } else if (resource.Type === 'AWS::SQS::Queue') {
        const name = physical(logicalId).attributes.QueueName;
        await sqs.send(
          new CreateQueueCommand({ QueueName: name, Attributes: queueAttributes(properties(resource)) }),
        );
      } else if (resource.Type === 'AWS::S3::Bucket') {
        await createBucket(s3, ref);
      }
    }
  } finally {
    for (const opened of [dynamodb, sqs, s3]) opened.destroy();
  }
};

const createTable = async (
  dynamodb: DynamoDBClient,
  TableName: string,
  properties: Record<string, unknown>,
): Promise<void> => {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, TimeToLiveSpecification } =
    properties as unknown as CreateTableCommandInput & {
      TimeToLiveSpecification?: { AttributeName: string; Enabled: boolean };
    };
  try {
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        KeySchema,
        AttributeDefinitions,
        ...(GlobalSecondaryIndexes && {
          GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(
            ({ IndexName, KeySchema: keys, Projection }) => ({
              IndexName,
              KeySchema: keys,
              Projection,
            }),
          ),
        }),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  // It is created a moment after that was answered, as on AWS.
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName });
  if (TimeToLiveSpecification) {
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
};

const createBucket = async (s3: S3Client, Bucket: string): Promise<void> => {
  try {
    await s3.send(new CreateBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou) && !(error instanceof BucketAlreadyExists)) throw error;
  }
};

/** CloudFormation's properties of a queue are the API's attributes, but for these. */
const NOT_ATTRIBUTES = new Set(['QueueName', 'Tags', 'SqsManagedSseEnabled', 'KmsMasterKeyId']);

const queueAttributes = (properties: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !NOT_ATTRIBUTES.has(name))
      .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
