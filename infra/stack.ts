import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './api.ts';
import { DEFAULT_POOL } from '../contract/fleet.ts';
import type { Config } from './config.ts';
import { DeadLetters } from './dead-letters.ts';
import { Fleet } from './fleet.ts';
import { Handler } from './handler.ts';
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
  readonly workers: Workers;

  constructor(scope: Construct, id: string, { config, ...props }: SdAsyncStackProps) {
    super(scope, id, { description: 'Asynchronous inference for Stable Diffusion', ...props });
    this.tasks = new Tasks(this, 'Tasks', { pools: [{ name: DEFAULT_POOL, models: [] }] });
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
    this.workers = new Workers(this, 'Workers', { config: config.workers, api, tasks, objects });

    const outputs = {
      GraphQLUrl: api.graphql.graphqlUrl,
      TasksTable: tasks.table.tableName,
      Pools: tasks.poolsJson,
      FleetTable: fleet.table.tableName,
      RequestsBucket: objects.requests.bucketName,
      CdnUrl: objects.cdnUrl,
      UserPoolId: api.userPool.userPoolId,
      UserPoolClientId: api.userPoolClient.userPoolClientId,
      WorkersGroup: this.workers.group.autoScalingGroupName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
