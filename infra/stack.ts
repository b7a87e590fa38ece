import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { Config } from './config.ts';
import { Dashboard } from './dashboard.ts';
import { DeadLetters } from './dead-letters.ts';
import { Fleet } from './fleet.ts';
import { Handler } from './handler.ts';
import { Network } from './network.ts';
import { Objects } from './objects.ts';
import { Reconciler } from './reconciler.ts';
import { Roster } from './roster.ts';
import { Tasks } from './tasks.ts';
import { Workers } from './workers.ts';

export interface SdAsyncStackProps extends StackProps {
  readonly config: Config;
}

export class SdAsyncStack extends Stack {
  readonly tasks: Tasks;
  readonly roster: Roster;
  readonly objects: Objects;
  readonly fleet: Fleet;
  readonly api: Api;
  readonly handler: Handler;
  readonly reconciler: Reconciler;
  readonly deadLetters: DeadLetters;
  readonly network: Network;
  /** Of each pool; the default one's come first. */
  readonly workers: readonly Workers[];
  readonly scaler: LambdaFunction;
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, { config, ...props }: SdAsyncStackProps) {
    super(scope, id, { description: 'Asynchronous inference for Stable Diffusion', ...props });
    const pools = [
      { name: DEFAULT_POOL, models: [], config: config.workers },
      ...Object.entries(config.pools).map(([name, pool]) => ({ name, models: pool.models, config: pool })),
    ];
    this.tasks = new Tasks(this, 'Tasks', { pools });
    this.roster = new Roster(this, 'Roster');
    this.objects = new Objects(this, 'Objects');
    this.fleet = new Fleet(this, 'Fleet');
    const { tasks, roster, objects, fleet } = this;
    this.api = new Api(this, 'Api', {
      config: config.api,
      tasksTable: tasks.table,
      workersTable: roster.table,
      fleetTable: fleet.table,
      cdnUrl: objects.cdnUrl,
    });
    const { api } = this;
    this.handler = new Handler(this, 'Handler', { config: config.api, api, tasks, roster, objects, fleet });
    api.addResolvers(this.handler.fn);
    this.reconciler = new Reconciler(this, 'Reconciler', { api, tasks });
    this.deadLetters = new DeadLetters(this, 'DeadLetters', { api, tasks });
    this.network = new Network(this, 'Network');
    const { network } = this;
    this.workers = pools.map(({ name: pool, config: choices }) => {
      const workersId = pool === DEFAULT_POOL ? 'Workers' : `Workers.${pool}`;
      return new Workers(this, workersId, { pool, config: choices, network, api, tasks, objects });
    });
    const { workers } = this;
    this.scaler = fleet.addScaler({ tasks, roster, workers });
    const functions = {
      Handler: this.handler.fn,
      Reconciler: this.reconciler.fn,
      DeadLetters: this.deadLetters.fn,
      Scaler: this.scaler,
    };
    this.alarms = new Alarms(this, 'Alarms', { config: config.alarms, tasks, workers, functions });
    new Dashboard(this, 'Dashboard', { alarms: this.alarms, api, workers, functions, scaler: this.scaler });

    const outputs = {
      GraphQLUrl: api.graphql.graphqlUrl,
      TasksTable: tasks.table.tableName,
      Pools: tasks.poolsJson,
      FleetTable: fleet.table.tableName,
      RequestsBucket: objects.requests.bucketName,
      CdnUrl: objects.cdnUrl,
      UserPoolId: api.userPool.userPoolId,
      UserPoolClientId: api.userPoolClient.userPoolClientId,
      WorkersGroups: workers.map(({ group }) => group.autoScalingGroupName).join(', '),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
