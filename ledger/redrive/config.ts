import { ENV } from '../../contract/env.ts';
import { poolsVariable, type Pool } from '../../contract/pool.ts';
import { parseEnv, text, url, type Env } from '../parse-env.ts';

export interface RedriveConfig {
  readonly region: string;
  readonly tasksTable: string;
  readonly pools: readonly Pool[];
  readonly requestsBucket: string;
  readonly graphqlUrl: string;
}

const ENTRIES = {
  AWS_REGION: text,
  [ENV.tasksTable]: text,
  [ENV.pools]: poolsVariable,
  [ENV.requestsBucket]: text,
  [ENV.graphqlUrl]: url,
};

export const loadConfig = (env: Env): RedriveConfig => {
  const output = parseEnv('redrive', ENTRIES, env);
  return {
    region: output.AWS_REGION,
    tasksTable: output[ENV.tasksTable],
    pools: output[ENV.pools],
    requestsBucket: output[ENV.requestsBucket],
    graphqlUrl: output[ENV.graphqlUrl],
  };
};
