import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Api } from './api.ts';
import { createNodeFunction, setEnvironment } from './node-function.ts';
import { PATHS } from './paths.ts';
import { DEAD_LETTER_SECONDS, type Tasks } from './tasks.ts';

export interface DeadLettersProps {
  readonly api: Api;
  readonly tasks: Tasks;
}

/** Ends the tasks whose messages came back too often. */
export class DeadLetters extends Construct {
  readonly fn: LambdaFunction;

  constructor(scope: Construct, id: string, { api, tasks }: DeadLettersProps) {
    super(scope, id);
    this.fn = createNodeFunction(this, {
      entry: PATHS.deadLettersEntry,
      description: 'Ends the tasks whose messages came back too often',
      timeout: Duration.seconds(DEAD_LETTER_SECONDS.timeout),
    });
    tasks.grantBury(this.fn);
    setEnvironment(this.fn, api.grantTell(this.fn));
    new EventSourceMapping(this, 'Source', {
      target: this.fn,
      eventSourceArn: tasks.deadLetterQueue.queueArn,
      batchSize: 10,
      // A message that nobody could be told of comes again, the others of its batch don't.
      reportBatchItemFailures: true,
    });
  }
}
