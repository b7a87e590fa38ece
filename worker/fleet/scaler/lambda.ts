import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DEFAULT_POOL, type FleetConfig } from '../../../contract/fleet.ts';
import { createLogger } from '../../../ledger/logger.ts';
import type { Env } from '../../../ledger/parse-env.ts';
import { createMetrics } from '../../metrics.ts';
import { createFleetStore } from '../fleet-store.ts';
import { createGroup } from '../group.ts';
import { createLiveTasks } from '../live-tasks.ts';
import type { LiveTask } from '../look.ts';
import { createPass, type PassResult } from '../pass.ts';
import { createReadReports } from '../worker-reports.ts';
import { loadConfig } from './config.ts';
import { toKnown, toTrigger } from './trigger.ts';

/* The entry: a pass over each fleet, by a schedule, when a task finds nobody, and when an instance comes or goes. */

type Run = (event: unknown) => Promise<readonly PassResult[]>;

/** A call that hangs must leave time for the others. */
const REQUEST_TIMEOUTS = { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true };

const createRun = (env: Env): Run => {
  const config = loadConfig(env);
  const logger = createLogger((line) => console.log(line));
  const dynamodb = new DynamoDBClient({ requestHandler: REQUEST_TIMEOUTS });
  const autoScaling = new AutoScalingClient({ requestHandler: REQUEST_TIMEOUTS });
  const live = createLiveTasks({ dynamodb, tableName: config.tasksTable });
  const readReports = createReadReports({ dynamodb, tableName: config.workersTable });
  const store = createFleetStore({ dynamodb, tableName: config.fleetTable });

  /** All of them, those included that have just come. */
  const listTasks = async (taskIds: readonly string[]): Promise<readonly LiveTask[]> => {
    const listed = await live.list();
    const known = new Set(listed.map(({ id }) => id));
    const missing = taskIds.filter((id) => !known.has(id));
    const added = await Promise.all(missing.map(live.get));
    return [...listed, ...added.flatMap((task) => task ?? [])].sort(
      (left, right) => left.createdAt - right.createdAt,
    );
  };

  return async (event) => {
    const { fleets, taskIds } = toTrigger(event, config.fleets);
    const tasks = once(() => listTasks(taskIds));
    const workers = once(readReports);
    const poolOf = ({ pool }: { readonly pool?: string }): string =>
      toKnown(pool ?? DEFAULT_POOL, config.fleets);
    const passOver = (fleet: FleetConfig): Promise<PassResult> =>
      createPass({
        fleet,
        tasks: async () => (await tasks()).filter((task) => poolOf(task) === fleet.pool),
        workers: async () => (await workers()).filter((worker) => poolOf(worker) === fleet.pool),
        group: createGroup({ autoScaling, name: fleet.group }),
        store,
        clock: Date.now,
        metrics: createMetrics({
          group: fleet.group,
          write: (line) => console.log(line.trimEnd()),
          wallClock: Date.now,
        }),
        logger,
      })();
    const results = await Promise.all(fleets.map(passOver));
    const refused = results.filter(({ outcome }) => outcome === 'refused');
    // The message comes again, and the schedule's event is tried again.
    if (refused.length > 0) {
      throw new Error(`Capacity was not raised: ${refused.map(({ pool }) => pool).join(', ')}`);
    }
    return results;
  };
};

const once = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
};

let run: Run | undefined;

export const handler = async (event: unknown): Promise<readonly PassResult[]> => {
  run ??= createRun(process.env);
  return run(event);
};
