import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { randomBytes, randomUUID } from 'node:crypto';
import { createLedger } from '../ledger/update-task.ts';
import { createSdWebui } from './backends/sd-webui/backend.ts';
import { createWebuiClient } from './backends/sd-webui/client.ts';
import { loadConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { createObjectStore } from './object-store.ts';
import { createMessageQueue } from './queue.ts';
import { startWorker } from './worker.ts';

/* The entry: configuration, wiring, signals. */

const config = loadConfig(process.env);
const logger = createLogger(config.logLevel, { workerId: config.workerId });
logger.info('worker starts', { ...config });

const worker = startWorker({
  workerId: config.workerId,
  queue: createMessageQueue({
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
    url: config.tasksQueueUrl,
  }),
  ledger: createLedger({ ...config, credentials: defaultProvider() }),
  objects: createObjectStore({ ...config, s3: new S3Client() }),
  backend: createSdWebui({
    client: createWebuiClient(config.sdWebuiUrl),
    onWaiting: (reason) => logger.info('waiting for the WebUI', { reason }),
  }),
  clock: () => performance.now(),
  random: Math.random,
  randomId: randomUUID,
  randomNonce: () => randomBytes(16).toString('hex'),
  logger,
});

const drain = (signal: NodeJS.Signals): void => {
  logger.info('worker drains', { signal });
  void worker.drain().then(() => process.exit(0));
};
process.once('SIGTERM', drain).once('SIGINT', drain);
