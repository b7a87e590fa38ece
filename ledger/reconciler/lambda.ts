import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createDueRows } from '../due-rows.ts';
import { createLogger } from '../logger.ts';
import { createMeasureEnds } from '../measure-ends.ts';
import type { Env } from '../parse-env.ts';
import { createReconcile, type Reconcile, type Tally } from '../reconcile.ts';
import { createRing } from '../ring.ts';
import { createTaskQueue } from '../task-queue.ts';
import { createTaskStore } from '../task-store.ts';
import { createLedger } from '../update-task.ts';
import { loadConfig } from './config.ts';

/* The entry: one pass per invocation, by a schedule. */

/** Kept for what is under way when the time is up. */
const RESERVE_MS = 10_000;

const logger = createLogger((line) => console.log(line));

const createPass = (env: Env): Reconcile => {
  const config = loadConfig(env);
  const dynamodb = new DynamoDBClient();
  const ledger = createLedger({ ...config, credentials: defaultProvider(), timeoutMs: 5000 });
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  return createReconcile({
    due: createDueRows({ dynamodb, tableName: config.tasksTable }),
    tasks: createTaskStore({ dynamodb, tableName: config.tasksTable }),
    ring: createRing({
      ledger,
      queue: createTaskQueue({ sqs, pools: config.pools }),
      warn: logger.warn,
    }),
    ledger,
    clock: Date.now,
    logger,
    onEnd: createMeasureEnds({ pools: config.pools, write: (line) => console.log(line.trimEnd()) }),
  });
};

let reconcile: Reconcile | undefined;

export const handler = async (
  _event: unknown,
  context: { readonly getRemainingTimeInMillis: () => number },
): Promise<Tally> => {
  reconcile ??= createPass(process.env);
  const leftMs = Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  const tally = await reconcile(AbortSignal.timeout(leftMs));
  logger.info('pass ended', tally);
  return tally;
};
