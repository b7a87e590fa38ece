import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { WORKERS_TABLE } from '../contract/worker.ts';
import type { Environment } from './environment.ts';

/** Which workers are up, and what each of them has: a row per worker, written by `reportWorker` alone. */
export class Roster extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { partitionKey, ttlAttribute } = WORKERS_TABLE;
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: ttlAttribute,
      // A minute later everybody has reported again.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  grantRead(grantee: IGrantable): Environment {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:Scan'], resourceArns: [this.table.tableArn] });
    return { [ENV.workersTable]: this.table.tableName };
  }
}
