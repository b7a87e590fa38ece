import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { FLEET_PASS_SECONDS, FLEET_TABLE } from '../contract/fleet.ts';
import type { Environment } from './environment.ts';
import { createNodeFunction, setEnvironment } from './node-function.ts';
import { PATHS } from './paths.ts';
import type { Roster } from './roster.ts';
import type { Tasks } from './tasks.ts';
import type { Workers } from './workers.ts';

export interface ScalerProps {
  readonly tasks: Tasks;
  readonly roster: Roster;
  /** One of each pool. */
  readonly workers: readonly Workers[];
}

const TIMEOUT = Duration.seconds(20);

/** What Auto Scaling tells of a group when an instance comes or goes (Auto Scaling user guide, "EventBridge"). */
const EVENTS = [
  'EC2 Instance Launch Successful',
  'EC2 Instance-terminate Lifecycle Action',
  'EC2 Instance Terminate Successful',
  'EC2 Instance Launch Unsuccessful',
];

/** How many instances there are: looked at once a minute, when a task finds nobody, and when an instance comes or goes. */
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
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
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

  /** The Lambda that decides and raises. It lowers nothing. */
  addScaler({ tasks, roster, workers }: ScalerProps): LambdaFunction {
    const scope = new Construct(this, 'Scaler');
    const fn = createNodeFunction(scope, {
      entry: PATHS.scalerEntry,
      description: 'Decides how many instances there should be, and raises the capacity',
      timeout: TIMEOUT,
    });
    this.grantOnTable(fn, 'dynamodb:GetItem', 'dynamodb:PutItem');
    this.wakeQueue.grant(fn, 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes');
    for (const one of workers) one.grantScale(fn);
    setEnvironment(fn, {
      ...tasks.grantWatch(fn),
      ...roster.grantRead(fn),
      [ENV.fleetTable]: this.table.tableName,
      [ENV.fleets]: Stack.of(this).toJsonString(workers.map(({ fleet }) => fleet)),
    });
    new Rule(scope, 'Schedule', {
      description: 'When the fleets are looked at',
      schedule: Schedule.rate(Duration.seconds(FLEET_PASS_SECONDS)),
      targets: [new FunctionTarget(fn)],
    });
    new Rule(scope, 'Events', {
      description: 'An instance comes or goes, or could not be launched',
      eventPattern: {
        source: ['aws.autoscaling'],
        detailType: EVENTS,
        detail: { AutoScalingGroupName: workers.map(({ fleet }) => fleet.group) },
      },
      targets: [new FunctionTarget(fn)],
    });
    new EventSourceMapping(scope, 'Wakes', {
      target: fn,
      eventSourceArn: this.wakeQueue.queueArn,
      batchSize: 10,
    });
    return fn;
  }

  private grantOnTable(grantee: IGrantable, ...actions: string[]): void {
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn] });
  }
}
