import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { randomInt, randomUUID } from 'node:crypto';
import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import { createAccept } from '../../ledger/accept.ts';
import { createLogger } from '../../ledger/logger.ts';
import type { Env } from '../../ledger/parse-env.ts';
import { createRequestStore } from '../../ledger/request-store.ts';
import { createRing } from '../../ledger/ring.ts';
import { createTaskQueue } from '../../ledger/task-queue.ts';
import { createTaskStore } from '../../ledger/task-store.ts';
import { createLedger } from '../../ledger/update-task.ts';
import { createCancel } from './cancel.ts';
import { loadConfig } from './config.ts';
import { createSubmit } from './submit.ts';

/* The entry: wires once per execution environment, and decides nothing. */

type Handle = (request: HandlerRequest) => Promise<HandlerAnswer>;

const createHandler = (env: Env): Handle => {
  const config = loadConfig(env);
  const tasks = createTaskStore({ dynamodb: new DynamoDBClient(), tableName: config.tasksTable });
  const ledger = createLedger({ ...config, credentials: defaultProvider(), timeoutMs: 4000 });
  const ring = createRing({
    ledger,
    queue: createTaskQueue({
      sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
      url: config.tasksQueueUrl,
    }),
    warn: createLogger((line) => console.warn(line)).warn,
  });
  const submit = createSubmit({
    accept: createAccept({ tasks, ring, maxActive: config.maxActiveTasksPerOwner }),
    requests: createRequestStore({ s3: new S3Client(), bucket: config.requestsBucket }),
    randomSeed: (limit) => randomInt(limit),
    randomId: randomUUID,
  });
  const cancel = createCancel({ tasks, ledger });
  return (request) => (request.field === 'submitTask' ? submit(request) : cancel(request));
};

let handle: Handle | undefined;

export const handler = async (request: HandlerRequest): Promise<HandlerAnswer> => {
  handle ??= createHandler(process.env);
  return handle(request);
};
