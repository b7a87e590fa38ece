import * as v from 'valibot';
import { ENV } from '../contract/env.ts';
import { DEFAULT_POOL, DRAIN_SECONDS } from '../contract/fleet.ts';
import { parseEnv, text, url, type Env } from '../ledger/parse-env.ts';

export interface WorkerConfig {
  readonly region: string;
  readonly workerId: string;
  readonly pool: string;
  readonly tasksQueueUrl: string;
  readonly requestsBucket: string;
  readonly imagesBucket: string;
  readonly graphqlUrl: string;
  readonly sdWebuiUrl: string;
  /** Absent: a WebUI that does not work any more can't be restarted from here. */
  readonly sdWebuiRestartCommand: string | undefined;
  /** Where `/health` is answered, on 127.0.0.1; 0: any free port. */
  readonly healthPort: number;
  readonly drainMs: number;
  /** Absent: the worker belongs to no Auto Scaling group. */
  readonly autoScalingGroup: string | undefined;
  readonly metadata: { readonly endpoint?: string; readonly disabled: boolean };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const whole = (min: number, max: number) =>
  v.pipe(
    text,
    v.toNumber('is not a number'),
    v.integer('is not a whole number'),
    v.minValue(min, `is below ${min}`),
    v.maxValue(max, `is above ${max}`),
  );

const VARIABLES = {
  AWS_REGION: text,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: v.optional(url),
  AWS_EC2_METADATA_DISABLED: v.optional(v.string(), 'false'),
  [ENV.workerId]: v.optional(text, 'worker'),
  [ENV.pool]: v.optional(text, DEFAULT_POOL),
  [ENV.tasksQueueUrl]: url,
  [ENV.requestsBucket]: text,
  [ENV.imagesBucket]: text,
  [ENV.graphqlUrl]: url,
  [ENV.sdWebuiUrl]: url,
  [ENV.sdWebuiRestartCommand]: v.optional(text),
  [ENV.healthPort]: v.optional(whole(0, 65_535), '0'),
  [ENV.drainSeconds]: v.optional(whole(0, 3600), String(DRAIN_SECONDS)),
  [ENV.autoScalingGroup]: v.optional(text),
  [ENV.logLevel]: v.optional(
    v.picklist(['debug', 'info', 'warn', 'error'], 'is none of debug, info, warn, error'),
    'info',
  ),
};

/** Reads the environment. Names every problem at once. */
export const loadConfig = (env: Env): WorkerConfig => {
  const output = parseEnv('The worker', VARIABLES, env);
  const endpoint = output.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  return {
    region: output.AWS_REGION,
    workerId: output[ENV.workerId],
    pool: output[ENV.pool],
    tasksQueueUrl: output[ENV.tasksQueueUrl],
    requestsBucket: output[ENV.requestsBucket],
    imagesBucket: output[ENV.imagesBucket],
    graphqlUrl: output[ENV.graphqlUrl],
    sdWebuiUrl: output[ENV.sdWebuiUrl].replace(/\/$/, ''),
    sdWebuiRestartCommand: output[ENV.sdWebuiRestartCommand],
    healthPort: output[ENV.healthPort],
    drainMs: output[ENV.drainSeconds] * 1000,
    autoScalingGroup: output[ENV.autoScalingGroup],
    metadata: {
      ...(endpoint !== undefined && { endpoint }),
      // As the SDKs read it.
      disabled: !['', 'false'].includes(output.AWS_EC2_METADATA_DISABLED.toLowerCase()),
    },
    logLevel: output[ENV.logLevel],
  };
};
