import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import type { Api } from './api.ts';
import type { Config } from './config.ts';
import type { Fleet } from './fleet.ts';
import { createNodeFunction, setEnvironment } from './node-function.ts';
import type { Objects } from './objects.ts';
import { PATHS } from './paths.ts';
import type { Roster } from './roster.ts';
import type { Tasks } from './tasks.ts';

export interface HandlerProps {
  readonly config: Config['api'];
  readonly api: Api;
  readonly tasks: Tasks;
  readonly roster: Roster;
  readonly objects: Objects;
  readonly fleet: Fleet;
}

/** The Lambda behind the public writes. */
export class Handler extends Construct {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, props: HandlerProps) {
    super(scope, id);
    const { config, api, tasks, roster, objects, fleet } = props;
    this.fn = createNodeFunction(this, {
      entry: PATHS.handlerEntry,
      description: 'Stores a submitted task and queues it; cancels, tries again, lets upload',
      // Well within the 30 s that AppSync gives a request.
      timeout: Duration.seconds(15),
    });
    setEnvironment(this.fn, {
      ...tasks.grantCreate(this.fn),
      ...tasks.grantSend(this.fn),
      ...roster.grantRead(this.fn),
      ...fleet.grantWake(this.fn),
      ...objects.grantCopyRequests(this.fn),
      ...objects.grantUpload(this.fn),
      ...api.grantTell(this.fn),
      [ENV.maxActiveTasksPerOwner]: String(config.maxActiveTasksPerOwner),
    });
  }
}
