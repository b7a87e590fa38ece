import * as v from 'valibot';
import { ENV } from '../../contract/env.ts';

export interface HandlerConfig {
  readonly region: string;
  readonly tasksTable: string;
  readonly tasksQueueUrl: string;
  readonly requestsBucket: string;
  readonly graphqlUrl: string;
  readonly maxActiveTasksPerOwner: number;
}

const text = v.pipe(v.string('is not set'), v.nonEmpty('is empty'));
const url = v.pipe(text, v.url('is not a URL'));

const schema = v.object({
  AWS_REGION: text,
  [ENV.tasksTable]: text,
  [ENV.tasksQueueUrl]: url,
  [ENV.requestsBucket]: text,
  [ENV.graphqlUrl]: url,
  [ENV.maxActiveTasksPerOwner]: v.pipe(
    text,
    v.regex(/^[1-9]\d*$/, 'is not a whole number from 1'),
    v.transform(Number),
  ),
});

/** Reads the function's environment. Names every problem at once. */
export const loadConfig = (env: Readonly<Record<string, string | undefined>>): HandlerConfig => {
  const result = v.safeParse(schema, env);
  if (!result.success) {
    const problems = result.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`);
    throw new Error(`task_handler can't start: ${problems.join('; ')}`);
  }
  return {
    region: result.output.AWS_REGION,
    tasksTable: result.output[ENV.tasksTable],
    tasksQueueUrl: result.output[ENV.tasksQueueUrl],
    requestsBucket: result.output[ENV.requestsBucket],
    graphqlUrl: result.output[ENV.graphqlUrl],
    maxActiveTasksPerOwner: result.output[ENV.maxActiveTasksPerOwner],
  };
};
