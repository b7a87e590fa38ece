import { ENV } from '../../contract/env.ts';
import { poolsVariable, type Pool } from '../../contract/pool.ts';
import { count, parseEnv, text, url, type Env } from '../../ledger/parse-env.ts';

export interface HandlerConfig {
  readonly region: string;
  readonly tasksTable: string;
  readonly workersTable: string;
  readonly fleetTable: string;
  readonly wakeQueueUrl: string;
  readonly pools: readonly Pool[];
  readonly requestsBucket: string;
  readonly graphqlUrl: string;
  readonly maxActiveTasksPerOwner: number;
}

const ENTRIES = {
  AWS_REGION: text,
  [ENV.tasksTable]: text,
  [ENV.workersTable]: text,
  [ENV.fleetTable]: text,
  [ENV.wakeQueueUrl]: url,
  [ENV.pools]: poolsVariable,
  [ENV.requestsBucket]: text,
  [ENV.graphqlUrl]: url,
  [ENV.maxActiveTasksPerOwner]: count,
};

export const loadConfig = (env: Env): HandlerConfig => {
  const output = parseEnv('task_handler', ENTRIES, env);
  return {
    region: output.AWS_REGION,
    tasksTable: output[ENV.tasksTable],
    workersTable: output[ENV.workersTable],
    fleetTable: output[ENV.fleetTable],
    wakeQueueUrl: output[ENV.wakeQueueUrl],
    pools: output[ENV.pools],
    requestsBucket: output[ENV.requestsBucket],
    graphqlUrl: output[ENV.graphqlUrl],
    maxActiveTasksPerOwner: output[ENV.maxActiveTasksPerOwner],
  };
};
