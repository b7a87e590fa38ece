import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Api } from './api.ts';
import { createNodeFunction, setEnvironment } from './node-function.ts';
import { PATHS } from './paths.ts';
import type { Tasks } from './tasks.ts';

export interface ReconcilerProps {
  readonly api: Api;
  readonly tasks: Tasks;
}

/** Looks once a minute at the tasks whose moment has come, and sees to it that each of them ends. */
export class Reconciler extends Construct {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, { api, tasks }: ReconcilerProps) {
    super(scope, id);
    this.fn = createNodeFunction(this, {
      entry: PATHS.reconcilerEntry,
      description: 'Rings again, takes tasks from lost workers, ends what is overdue',
      // Shorter than the schedule's period. Two passes at once would do no harm, but cost twice.
      timeout: Duration.seconds(50),
    });
    setEnvironment(this.fn, {
      ...tasks.grantWatch(this.fn),
      ...tasks.grantSend(this.fn),
      ...api.grantTell(this.fn),
    });
    new Rule(this, 'Schedule', {
      description: 'When the reconciler runs',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new FunctionTarget(this.fn)],
    });
  }
}
