import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { FLEET_TABLE } from '../contract/fleet.ts';
import type { Environment } from './environment.ts';

/** How many instances there are: looked at once a minute, when a task finds nobody, and when an instance goes. */
export class Fleet extends Construct {
  /** A summary of each pool, and decisions. */
  readonly table: TableV2;
  readonly wakeQueue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { partitionKey, sortKey, ttlAttribute } = FLEET_TABLE;
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      sortKey: { name: sortKey, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: ttlAttribute,
      // A minute later the next summary is there. Why something was decided is in the log as well.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.wakeQueue = new Queue(this, 'WakeQueue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      maxMessageSizeBytes: 4096,
      visibilityTimeout: Duration.minutes(2),
      // No dead letters: whatever becomes of a message, the next pass comes within a minute.
      retentionPeriod: Duration.minutes(5),
    });
  }

  /** May see whether somebody is there, and have the fleet looked at. */
  grantWake(grantee: IGrantable): Environment {
    this.grantOnTable(grantee, 'dynamodb:GetItem');
    this.wakeQueue.grant(grantee, 'sqs:SendMessage');
    return { [ENV.fleetTable]: this.table.tableName, [ENV.wakeQueueUrl]: this.wakeQueue.queueUrl };
  }

  private grantOnTable(grantee: IGrantable, ...actions: string[]): void {
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn] });
  }
}
