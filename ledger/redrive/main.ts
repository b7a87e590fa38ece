import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createAccept } from '../accept.ts';
import { createFailedTasks } from '../failed-tasks.ts';
import { createLogger } from '../logger.ts';
import { createRedrive, type Redriven } from '../redrive.ts';
import { createRequestStore } from '../request-store.ts';
import { createRetryTask } from '../retry-task.ts';
import { createRing } from '../ring.ts';
import { createTaskQueue } from '../task-queue.ts';
import { createTaskStore } from '../task-store.ts';
import { createLedger } from '../update-task.ts';
import { HELP, parseArguments, type Arguments } from './arguments.ts';
import { loadConfig } from './config.ts';

/* The entry: `npm run redrive`. Exits with 1 when something was refused, and with 2 when it was not understood. */

const run = async ({ options, json }: Arguments): Promise<void> => {
  const config = loadConfig(process.env);
  const dynamodb = new DynamoDBClient();
  const tasks = createTaskStore({ dynamodb, tableName: config.tasksTable });
  const ring = createRing({
    queue: createTaskQueue({
      sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
      pools: config.pools,
    }),
    ledger: createLedger({ ...config, credentials: defaultProvider() }),
    warn: createLogger((line) => process.stderr.write(`${line}\n`)).warn,
  });
  const redrive = createRedrive({
    failedTasks: createFailedTasks({ dynamodb, tableName: config.tasksTable }),
    tasks,
    retryTask: createRetryTask({
      tasks,
      pools: config.pools,
      requests: createRequestStore({ s3: new S3Client(), bucket: config.requestsBucket }),
      // No quota: who redrives has decided that all of them are to run.
      accept: createAccept({ tasks, ring }),
    }),
    clock: Date.now,
  });
  const redriven = await redrive(options);
  process.stdout.write(json ? `${JSON.stringify(redriven, null, 2)}\n` : toTable(redriven));
  if (redriven.some(({ outcome }) => outcome === 'refused')) process.exitCode = 1;
};

const TEXT: Readonly<Record<Redriven['outcome'], string>> = {
  submitted: 'submitted',
  due: 'would be submitted',
  done: 'was submitted before',
  refused: 'refused: ',
};

const toTable = (redriven: readonly Redriven[]): string => {
  const rows = redriven.map(({ id, code, finishedAt, newId, outcome, reason = '' }) => [
    ...[id, code, new Date(finishedAt).toISOString(), newId],
    `${TEXT[outcome]}${reason}`,
  ]);
  const table = [['task', 'code', 'finished', 'new task', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return rows.length > 0 ? `${lines.map((line) => line.trimEnd()).join('\n')}\n` : 'No task failed so.\n';
};

const parse = (): Arguments | undefined => {
  try {
    return parseArguments(process.argv.slice(2), Date.now());
  } catch (error) {
    process.stderr.write(`${(error as Error).message}. See --help.\n`);
    process.exitCode = 2;
    return undefined;
  }
};

const given = parse();
if (given?.help) process.stdout.write(HELP);
else if (given) {
  try {
    await run(given);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
