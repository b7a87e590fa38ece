import { ENV } from '../../contract/env.ts';
import { poolsVariable, type Pool } from '../../contract/pool.ts';
import { parseEnv, text, url, type Env } from '../parse-env.ts';

export interface ReconcilerConfig {
  readonly region: string;
  readonly tasksTable: string;
  readonly pools: readonly Pool[];
  readonly graphqlUrl: string;
}

const ENTRIES = {
  AWS_REGION: text,
  [ENV.tasksTable]: text,
  [ENV.pools]: poolsVariable,
  [ENV.graphqlUrl]: url,
};

export const loadConfig = (env: Env): ReconcilerConfig => {
  const output = parseEnv('The reconciler', ENTRIES, env);
  return {
    region: output.AWS_REGION,
    tasksTable: output[ENV.tasksTable],
    pools: output[ENV.pools],
    graphqlUrl: output[ENV.graphqlUrl],
  };
};
