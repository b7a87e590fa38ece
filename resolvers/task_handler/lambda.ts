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
import { createRetryTask } from '../../ledger/retry-task.ts';
import { createRing } from '../../ledger/ring.ts';
import { createTaskQueue } from '../../ledger/task-queue.ts';
import { createTaskStore } from '../../ledger/task-store.ts';
import { createLedger } from '../../ledger/update-task.ts';
import { createCancel } from './cancel.ts';
import { createReadNames } from './catalogue.ts';
import { loadConfig } from './config.ts';
import { createCreateUpload } from './create-upload.ts';
import { createRetry } from './retry.ts';
import { createReadRoster } from './roster.ts';
import { createSubmit } from './submit.ts';
import { createUploadStore } from './upload-store.ts';
import { createReadSummary, createSendWake, createWake } from './wake.ts';

/* The entry: wires once per execution environment, and decides nothing. */

type Handle = (request: HandlerRequest) => Promise<HandlerAnswer>;

const createHandler = (env: Env): Handle => {
  const config = loadConfig(env);
  const { warn } = createLogger((line) => console.warn(line));
  const dynamodb = new DynamoDBClient();
  const tasks = createTaskStore({ dynamodb, tableName: config.tasksTable });
  const ledger = createLedger({ ...config, credentials: defaultProvider(), timeoutMs: 4000 });
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  const { pools } = config;
  const ring = createRing({ ledger, queue: createTaskQueue({ sqs, pools }), warn });
  const wake = createWake({
    readSummary: createReadSummary({ dynamodb, tableName: config.fleetTable }),
    send: createSendWake({ sqs, url: config.wakeQueueUrl }),
    clock: Date.now,
    warn,
  });
  const accept = createAccept({ tasks, ring, wake, maxActive: config.maxActiveTasksPerOwner });
  const objects = { s3: new S3Client(), bucket: config.requestsBucket };
  const requests = createRequestStore(objects);
  const uploads = createUploadStore(objects);
  const randomId = randomUUID;
  const readRoster = createReadRoster({ dynamodb, tableName: config.workersTable });
  const submit = createSubmit({
    ...{ accept, requests, uploads, pools, randomId },
    readNames: createReadNames({ readRoster, warn }),
    randomSeed: (limit) => randomInt(limit),
  });
  const cancel = createCancel({ tasks, ledger });
  const createUpload = createCreateUpload({ uploads, randomId });
  const retry = createRetry({ retryTask: createRetryTask({ tasks, requests, pools, accept }), randomId });
  return (request) => {
    switch (request.field) {
      case 'submitTask':
        return submit(request);
      case 'cancelTask':
        return cancel(request);
      case 'retryTask':
        return retry(request);
      case 'createUpload':
        return createUpload(request);
    }
  };
};

let handle: Handle | undefined;

export const handler = async (request: HandlerRequest): Promise<HandlerAnswer> => {
  handle ??= createHandler(process.env);
  return handle(request);
};
