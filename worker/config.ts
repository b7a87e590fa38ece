import * as v from 'valibot';
import { ENV } from '../contract/env.ts';

export interface WorkerConfig {
  readonly region: string;
  readonly workerId: string;
  readonly tasksQueueUrl: string;
  readonly requestsBucket: string;
  readonly imagesBucket: string;
  readonly graphqlUrl: string;
  readonly sdWebuiUrl: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const text = v.pipe(v.string('is not set'), v.nonEmpty('is empty'));
const url = v.pipe(text, v.url('is not a URL'));

const schema = v.object({
  AWS_REGION: text,
  [ENV.workerId]: v.optional(text, 'worker'),
  [ENV.tasksQueueUrl]: url,
  [ENV.requestsBucket]: text,
  [ENV.imagesBucket]: text,
  [ENV.graphqlUrl]: url,
  [ENV.sdWebuiUrl]: url,
  [ENV.logLevel]: v.optional(
    v.picklist(['debug', 'info', 'warn', 'error'], 'is none of debug, info, warn, error'),
    'info',
  ),
});

/** Reads the environment. Names every problem at once. */
export const loadConfig = (env: Readonly<Record<string, string | undefined>>): WorkerConfig => {
  const result = v.safeParse(schema, env);
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`);
    throw new Error(`The worker can't start: ${problems.join('; ')}`);
  }
  const { output } = result;
  return {
    region: output.AWS_REGION,
    workerId: output[ENV.workerId],
    tasksQueueUrl: output[ENV.tasksQueueUrl],
    requestsBucket: output[ENV.requestsBucket],
    imagesBucket: output[ENV.imagesBucket],
    graphqlUrl: output[ENV.graphqlUrl],
    sdWebuiUrl: output[ENV.sdWebuiUrl].replace(/\/$/, ''),
    logLevel: output[ENV.logLevel],
  };
};
