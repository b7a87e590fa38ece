import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { TaskRow } from '../contract/task.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize, type Assembly, type SynthOptions } from '../infra/synth.ts';
import type { TokenOptions } from './cognito/issuer.ts';
import type { AutoScalingGroup } from './instances/auto-scaling-group.ts';
import type { Instance } from './instances/instance.ts';
import { createReleasers, type Releasers } from './releasers.ts';
import { startResources, type LocalResources, type ResourcesOptions } from './resources/start.ts';
import { synthesizeCached } from './synth-cache.ts';

export type LocalStackOptions = ResourcesOptions & Pick<SynthOptions, 'config' | 'configure'>;

/** What happens to instances from outside. They end as on EC2: told first, and given time to hand back what they have. */
export type LocalFleet = Pick<
  AutoScalingGroup,
  | 'describe'
  | 'activities'
  | 'instances'
  | 'setDesiredCapacity'
  | 'terminate'
  | 'noticeSpot'
  | 'noticeRebalance'
  | 'lose'
  | 'refuseLaunches'
>;

export interface LocalStack {
  readonly urls: {
    readonly graphql: string;
    readonly realtime: string;
    readonly cdn: string;
    /** One endpoint for every AWS SDK client. */
    readonly aws: string;
    readonly graphiql: string;
  };
  readonly region: string;
  /** For AWS SDK clients that may do everything: endpoint, region, credentials. */
  readonly client: LocalResources['client'];
  /** Absent where the template has none. */
  readonly apiKey: string | undefined;
  /** PEM of the certificate with which the GraphQL port answers TLS. */
  readonly certificate: string;
  /** A user-pool token. Anybody may be anybody here. */
  readonly token: (user: TokenOptions) => Promise<string>;
  /** For IAM mode: an access key of a user of one's own. */
  readonly accessKey: LocalResources['accessKey'];
  readonly inspect: {
    readonly task: (id: string) => Promise<TaskRow | undefined>;
    readonly queue: () => Promise<{ visible: number; inFlight: number }>;
    /** Keys of all objects, by bucket. */
    readonly objects: () => Promise<Record<string, string[]>>;
    readonly instances: () => readonly Instance[];
    /** AWS calls so far. */
    readonly calls: LocalResources['calls'];
    readonly environments: LocalResources['environments'];
    readonly names: LocalResources['names'];
  };
  /**
   * Runs the template's schedules now, all of them or those whose logical id begins with the name, and answers what their
   * functions replied. They also run by themselves, each period.
   */
  readonly tick: LocalResources['tick'];
  /** The default pool's instances. */
  readonly fleet: LocalFleet;
  readonly fleetOf: (pool: string) => LocalFleet;
  /** Nothing goes wrong unless it is asked for here. */
  readonly faults: LocalResources['faults'];
  /** Ends every process, socket and timer. */
  readonly stop: () => Promise<void>;
}

/**
 * Synthesizes `infra/` and runs what it says: AppSync, Lambda, DynamoDB, SQS, S3, CloudFront, the user pool and the
 * Auto Scaling group's instances, all on 127.0.0.1.
 */
export const startLocalStack = async (options: LocalStackOptions = {}): Promise<LocalStack> => {
  const releasers = createReleasers();
  try {
    const assembly = options.configure ? synthesizeOnce(options, releasers) : synthesizeCached(options);
    const resources = await startResources(assembly, options, releasers);
    return toHandle(resources, releasers.releaseAll);
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
};

/** What a function has changed is known by no hash: synthesized every time, and gone with the stack. */
const synthesizeOnce = ({ config, configure }: LocalStackOptions, releasers: Releasers): Assembly => {
  const outdir = mkdtempSync(join(tmpdir(), 'sd-async-assembly-'));
  releasers.add(() => rmSync(outdir, { recursive: true }));
  return synthesize({ outdir, ...(config && { config }), ...(configure && { configure }) });
};

const toHandle = (resources: LocalResources, stop: () => Promise<void>): LocalStack => {
  const { urls, client, apiKey, certificate, token, accessKey, calls, environments, names, pools, faults } =
    resources;
  const fleetOf = (pool: string): LocalFleet => {
    const found = pools.find((one) => one.pool === pool);
    if (!found) throw new Error(`The template has no pool ${pool}`);
    return found.group;
  };
  const instances = (): readonly Instance[] => pools.flatMap(({ group }) => group.instances());
  return {
    urls,
    region: client.region,
    client,
    apiKey,
    certificate,
    token,
    accessKey,
    inspect: { ...createInspect(resources), instances, calls, environments, names },
    tick: resources.tick,
    fleet: fleetOf(DEFAULT_POOL),
    fleetOf,
    faults,
    stop,
  };
};

const createInspect = ({ client, names }: LocalResources) => ({
  task: async (id: string): Promise<TaskRow | undefined> => {
    const dynamodb = new DynamoDBClient(client);
    try {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: names.table, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      return Item && (unmarshall(Item) as TaskRow);
    } finally {
      dynamodb.destroy();
    }
  },

  queue: async (): Promise<{ visible: number; inFlight: number }> => {
    const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
    try {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: names.queueUrl, AttributeNames: ['All'] }),
      );
      return {
        visible: Number(Attributes.ApproximateNumberOfMessages),
        inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      };
    } finally {
      sqs.destroy();
    }
  },

  objects: async (): Promise<Record<string, string[]>> => {
    const s3 = new S3Client({ ...client, forcePathStyle: true });
    try {
      const keysOf = async (Bucket: string): Promise<[string, string[]]> => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
        return [Bucket, Contents.flatMap(({ Key }) => Key ?? [])];
      };
      return Object.fromEntries(await Promise.all(names.buckets.map(keysOf)));
    } finally {
      s3.destroy();
    }
  },
});
