import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { randomBytes, randomUUID } from 'node:crypto';
import { createLedger } from '../ledger/update-task.ts';
import { createSdWebui } from './backends/sd-webui/backend.ts';
import { createWebuiClient } from './backends/sd-webui/client.ts';
import { createSystemClock } from './clock.ts';
import { loadConfig } from './config.ts';
import { createFleetInstance } from './fleet/instance.ts';
import { watchNotices } from './fleet/notices.ts';
import { startHealthServer } from './health.ts';
import { createLogger } from './logger.ts';
import { measure } from './measure.ts';
import { createMetrics } from './metrics.ts';
import { createObjectStore } from './object-store.ts';
import type { WorkerNews } from './observe.ts';
import { createMessageQueue } from './queue.ts';
import { createStatus } from './status.ts';
import { createWebuiRestart } from './webui-process.ts';
import { startWorker } from './worker.ts';

/* The entry: configuration, wiring, signals. */

const config = loadConfig(process.env);
const { workerId, autoScalingGroup: group } = config;
const logger = createLogger(config.logLevel, { workerId });
logger.info('worker starts', { ...config });

const clock = createSystemClock();
const credentials = defaultProvider();
const backend = createSdWebui({
  client: createWebuiClient(config.sdWebuiUrl),
  clock,
  random: Math.random,
  onWaiting: (reason) => logger.info('waiting for the WebUI', { reason }),
});
const instance = createFleetInstance({
  autoScaling: new AutoScalingClient(),
  instanceId: workerId,
  logger,
  ...(group !== undefined && { group }),
});
const metrics = createMetrics({
  workerId,
  write: (line) => process.stdout.write(line),
  wallClock: Date.now,
  ...(group !== undefined && { group }),
});
const status = createStatus({ workerId, wallClock: Date.now, onChange: () => undefined });
const observe = (news: WorkerNews): void => {
  status.observe(news);
  measure(metrics, news);
  if (news.kind === 'worker:ready') logger.info('worker ready');
  if (news.kind === 'worker:unhealthy') void instance.reportUnhealthy();
};

const health = await startHealthServer({ port: config.healthPort, health: status.health });
logger.info('health is told', { url: health.url });
const { restart } = createWebuiRestart({ command: config.sdWebuiRestartCommand, clock, logger });
const worker = startWorker({
  workerId,
  queue: createMessageQueue({
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
    url: config.tasksQueueUrl,
  }),
  ledger: createLedger({ ...config, credentials }),
  objects: createObjectStore({ ...config, s3: new S3Client() }),
  backend,
  restartWebui: restart,
  clock,
  random: Math.random,
  randomId: randomUUID,
  randomNonce: () => randomBytes(16).toString('hex'),
  observe,
  logger,
});

const watching = new AbortController();
let leaving = false;
const leave = async (reason: string, withinMs: number): Promise<void> => {
  if (leaving) return;
  leaving = true;
  watching.abort();
  await worker.drain({ reason, withinMs });
  await instance.completeDrain();
  await health.stop();
  process.exit(0);
};
// A second one ends the process as it always does.
process.once('SIGTERM', (signal) => void leave(signal, config.drainMs));
process.once('SIGINT', (signal) => void leave(signal, config.drainMs));

const notice = await watchNotices({ ...config.metadata, fetch, clock }, watching.signal);
if (notice) {
  const leftMs = notice.until === undefined ? config.drainMs : notice.until - Date.now();
  await leave(notice.reason, Math.min(config.drainMs, Math.max(0, leftMs)));
}
