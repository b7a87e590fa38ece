import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DEFAULT_POOL, type FleetConfig } from '../../../contract/fleet.ts';
import { createLogger } from '../../../ledger/logger.ts';
import type { Env } from '../../../ledger/parse-env.ts';
import { createMetrics } from '../../../ledger/metrics.ts';
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

/** A call that hangs, and is tried once more, must leave time for the others. */
const CALLS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
};

const createRun = (env: Env): Run => {
  const config = loadConfig(env);
  const logger = createLogger((line) => console.log(line));
  const dynamodb = new DynamoDBClient(CALLS);
  const autoScaling = new AutoScalingClient(CALLS);
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

  const passOver = (fleet: FleetConfig, look: Look): Promise<PassResult> => {
    const isIts = ({ pool = DEFAULT_POOL }: { readonly pool?: string }): boolean =>
      toKnown(pool, config.fleets) === fleet.pool;
    return createPass({
      fleet,
      tasks: async () => (await look.tasks()).filter(isIts),
      workers: async () => (await look.workers()).filter(isIts),
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
  };

  return async (event) => {
    const { fleets, taskIds } = toTrigger(event, config.fleets);
    const createLook = (): Look => ({ tasks: once(() => listTasks(taskIds)), workers: once(readReports) });
    const shared = createLook();
    const results = await Promise.allSettled(
      fleets.map(async (fleet) => {
        const result = await passOver(fleet, shared);
        // Whoever was faster had not seen those that this was to tell of.
        return result.outcome === 'gaveWay' && taskIds.length > 0 ? passOver(fleet, createLook()) : result;
      }),
    );
    const passes = results.map((result, index) => toOutcome(result, fleets[index]?.pool ?? ''));
    const failures = passes.flatMap((pass) => ('failure' in pass ? pass.failure : []));
    // One fleet's trouble is not another's: now all are through. The message comes again, and so does the schedule's event.
    if (failures.length > 0) throw new Error(failures.join('; '));
    return passes as readonly PassResult[];
  };
};

/** What several fleets are looked at with: the table is read once. */
interface Look {
  readonly tasks: () => Promise<readonly LiveTask[]>;
  readonly workers: () => ReturnType<ReturnType<typeof createReadReports>>;
}

const toOutcome = (
  result: PromiseSettledResult<PassResult>,
  pool: string,
): PassResult | { readonly failure: string } => {
  if (result.status === 'rejected') return { failure: `${pool}: ${String(result.reason)}` };
  return result.value.outcome === 'refused'
    ? { failure: `${pool}: its capacity was not raised` }
    : result.value;
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
