import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { MAX_RECEIVE_COUNT, VISIBILITY_SECONDS } from '../contract/limits.ts';
import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { Pool } from '../contract/pool.ts';
import { TASKS_TABLE } from '../contract/task.ts';
import type { Environment } from './environment.ts';
import { groupNameOf } from './group-name.ts';

/** How long the dead-letter consumer may take, and how long its messages are hidden meanwhile: six times that, says AWS. */
export const DEAD_LETTER_SECONDS = { timeout: 30, visibility: 180 } as const;

export interface TasksProps {
  readonly pools: readonly Pick<Pool, 'name' | 'models'>[];
}

/** Tasks: a row each, the truth, and for each pool a queue whose messages say that a row may be waiting. */
export class Tasks extends Construct {
  readonly table: TableV2;
  readonly deadLetterQueue: Queue;
  private readonly pools: TasksProps['pools'];
  private readonly queues: ReadonlyMap<string, Queue>;

  constructor(scope: Construct, id: string, { pools }: TasksProps) {
    super(scope, id);
    this.pools = pools;
    const { partitionKey, ttlAttribute, byOwner, active, activeByOwner } = TASKS_TABLE;
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: ttlAttribute,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
      globalSecondaryIndexes: [
        {
          indexName: byOwner.indexName,
          partitionKey: { name: byOwner.partitionKey, type: AttributeType.STRING },
          sortKey: { name: byOwner.sortKey, type: AttributeType.NUMBER },
          // Never progress: it changes every second, and each change of a projected attribute is a write.
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: ['status'],
        },
        {
          indexName: active.indexName,
          partitionKey: { name: active.partitionKey, type: AttributeType.STRING },
          sortKey: { name: active.sortKey, type: AttributeType.NUMBER },
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: [...active.projected],
        },
        {
          indexName: activeByOwner.indexName,
          partitionKey: { name: activeByOwner.partitionKey, type: AttributeType.STRING },
          sortKey: { name: activeByOwner.sortKey, type: AttributeType.NUMBER },
          // Nothing but keys, which never change: a row is written here twice, when it comes and when it ends.
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    const queue = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Doorbells are small. Said explicitly, since the default differs between AWS and what plays it.
      maxMessageSizeBytes: 4096,
      retentionPeriod: Duration.days(14),
    };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      ...queue,
      visibilityTimeout: Duration.seconds(DEAD_LETTER_SECONDS.visibility),
    });
    this.queues = new Map(
      pools.map(({ name }) => [
        name,
        new Queue(this, name === DEFAULT_POOL ? 'Queue' : `Queue.${name}`, {
          ...queue,
          visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
          receiveMessageWaitTime: Duration.seconds(20),
          // One for all of them: what is dead is so whoever could not do it.
          deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
        }),
      ]),
    );
  }

  queueOf(pool: string): Queue {
    const queue = this.queues.get(pool);
    if (!queue) throw new Error(`There is no pool ${pool}`);
    return queue;
  }

  /** Every pool with its queue and models, as JSON. */
  get poolsJson(): string {
    const pools = this.pools.map(({ name, models }): Pool => {
      return { name, models, queueUrl: this.queueOf(name).queueUrl, group: groupNameOf(this, name) };
    });
    return Stack.of(this).toJsonString(pools);
  }

  /** Put new rows, look at one, count an owner's. Changes are `updateTask`'s alone. */
  grantCreate(grantee: IGrantable): Environment {
    this.grantOnTable(grantee, 'dynamodb:PutItem', 'dynamodb:GetItem');
    this.grantOnIndex(grantee, TASKS_TABLE.activeByOwner.indexName);
    return { [ENV.tasksTable]: this.table.tableName };
  }

  /** Find the rows whose moment has come, and look at them. */
  grantWatch(grantee: IGrantable): Environment {
    this.grantOnTable(grantee, 'dynamodb:GetItem');
    this.grantOnIndex(grantee, TASKS_TABLE.active.indexName);
    return { [ENV.tasksTable]: this.table.tableName };
  }

  grantSend(grantee: IGrantable): Environment {
    for (const queue of this.queues.values()) queue.grant(grantee, 'sqs:SendMessage');
    return { [ENV.pools]: this.poolsJson };
  }

  /** Take the messages of one pool, and of no other. */
  grantTake(grantee: IGrantable, pool: string): Environment {
    const queue = this.queueOf(pool);
    queue.grant(grantee, 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility');
    return { [ENV.tasksQueueUrl]: queue.queueUrl, [ENV.pool]: pool };
  }

  /** Take dead messages; what Lambda needs to poll on a function's behalf. */
  grantBury(grantee: IGrantable): void {
    this.deadLetterQueue.grant(
      grantee,
      ...['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    );
  }

  // The table's own grant() would name every index as well.
  private grantOnTable(grantee: IGrantable, ...actions: string[]): void {
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn] });
  }

  private grantOnIndex(grantee: IGrantable, indexName: string): void {
    const resourceArns = [`${this.table.tableArn}/index/${indexName}`];
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns });
  }
}
