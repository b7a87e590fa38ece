import { ENV } from '../../contract/env.ts';
import { parseEnv, text, url, type Env } from '../parse-env.ts';

export interface ReconcilerConfig {
  readonly region: string;
  readonly tasksTable: string;
  readonly tasksQueueUrl: string;
  readonly graphqlUrl: string;
}

const ENTRIES = {
  AWS_REGION: text,
  [ENV.tasksTable]: text,
  [ENV.tasksQueueUrl]: url,
  [ENV.graphqlUrl]: url,
};

export const loadConfig = (env: Env): ReconcilerConfig => {
  const output = parseEnv('The reconciler', ENTRIES, env);
  return {
    region: output.AWS_REGION,
    tasksTable: output[ENV.tasksTable],
    tasksQueueUrl: output[ENV.tasksQueueUrl],
    graphqlUrl: output[ENV.graphqlUrl],
  };
};
