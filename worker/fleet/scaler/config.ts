import * as v from 'valibot';
import { ENV } from '../../../contract/env.ts';
import type { FleetConfig } from '../../../contract/fleet.ts';
import { parseEnv, text, type Env } from '../../../ledger/parse-env.ts';

export interface ScalerConfig {
  readonly tasksTable: string;
  readonly workersTable: string;
  readonly fleetTable: string;
  readonly fleets: readonly FleetConfig[];
}

const notNegative = v.pipe(v.number(), v.minValue(0));

const fleets = v.pipe(
  text,
  v.parseJson(undefined, 'is not JSON'),
  v.pipe(
    v.array(
      v.object({
        pool: v.pipe(v.string(), v.nonEmpty()),
        group: v.pipe(v.string(), v.nonEmpty()),
        instanceType: v.pipe(v.string(), v.nonEmpty()),
        targetWaitSeconds: notNegative,
        idleSeconds: v.exactOptional(notNegative),
        budgetPerHour: v.exactOptional(notNegative),
        pricePerHour: v.exactOptional(notNegative),
      }),
      'is not a list of fleets',
    ),
    v.minLength(1, 'names no fleet'),
  ),
);

const ENTRIES = {
  [ENV.tasksTable]: text,
  [ENV.workersTable]: text,
  [ENV.fleetTable]: text,
  [ENV.fleets]: fleets,
};

export const loadConfig = (env: Env): ScalerConfig => {
  const output = parseEnv('The scaler', ENTRIES, env);
  return {
    tasksTable: output[ENV.tasksTable],
    workersTable: output[ENV.workersTable],
    fleetTable: output[ENV.fleetTable],
    fleets: output[ENV.fleets],
  };
};
