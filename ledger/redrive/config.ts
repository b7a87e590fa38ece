import { ENV } from '../../contract/env.ts';
import { parseEnv, text, url, type Env } from '../parse-env.ts';

export interface RedriveConfig {
  readonly region: string;
  readonly tasksTable: string;
  readonly tasksQueueUrl: string;
  readonly requestsBucket: string;
  readonly graphqlUrl: string;
}

const ENTRIES = {
  AWS_REGION: text,
  [ENV.tasksTable]: text,
  [ENV.tasksQueueUrl]: url,
  [ENV.requestsBucket]: text,
  [ENV.graphqlUrl]: url,
};

export const loadConfig = (env: Env): RedriveConfig => {
  const output = parseEnv('redrive', ENTRIES, env);
  return {
    region: output.AWS_REGION,
    tasksTable: output[ENV.tasksTable],
    tasksQueueUrl: output[ENV.tasksQueueUrl],
    requestsBucket: output[ENV.requestsBucket],
    graphqlUrl: output[ENV.graphqlUrl],
  };
};
