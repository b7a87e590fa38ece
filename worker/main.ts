import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { randomBytes, randomUUID } from 'node:crypto';
import type { WorkerState } from '../contract/worker.ts';
import { createWorkerReporter } from '../ledger/report-worker.ts';
import { createSeeQueue } from '../ledger/see-queue.ts';
import { createLedger } from '../ledger/update-task.ts';
import { createSdWebui } from './backends/sd-webui/backend.ts';
import { createWebuiClient } from './backends/sd-webui/client.ts';
import { createSystemClock } from './clock.ts';
import { loadConfig } from './config.ts';
import { createActivity } from './fleet/activity.ts';
import { readIdentity } from './fleet/identity.ts';
import { createFleetInstance } from './fleet/instance.ts';
import { leaveWhenIdle } from './fleet/leave-when-idle.ts';
import { watchNotices } from './fleet/notices.ts';
import { startHealthServer } from './health.ts';
import { createLogger } from './logger.ts';
import { measure } from './measure.ts';
import { createMetrics } from '../ledger/metrics.ts';
import { createObjectStore } from './object-store.ts';
import type { WorkerNews } from './observe.ts';
import { createMessageQueue } from './queue.ts';
import { startReports } from './report.ts';
import { SILENCE } from './silence.ts';
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
  clock,
  logger,
  ...(group !== undefined && { group }),
});
const metrics = createMetrics({
  workerId,
  write: (line) => process.stdout.write(line),
  wallClock: Date.now,
  ...(group !== undefined && { group }),
});
const identity = await readIdentity({ ...config.metadata, fetch });
const activity = createActivity(clock);
let bootSeconds: number | undefined;
let wasReady = false;
let hasWorked = false;
/** That it is busy, or no longer, can wait for the next report: a call for every task would say little. */
const isWorthTelling = (state: WorkerState, before: WorkerState): boolean =>
  state !== 'BUSY' && before !== 'BUSY';
const status = createStatus({
  workerId,
  wallClock: Date.now,
  onChange: (state, before) => {
    if (isWorthTelling(state, before)) reports.poke();
  },
});
/** The first time it may end a launch. What took longer since, a restart of the worker or of the machine, was no boot. */
const becomeReady = (): void => {
  const sinceLaunch = (Date.now() - Date.parse(identity?.pendingTime ?? '')) / 1000;
  logger.info('worker ready', { sinceLaunch });
  if (wasReady) return;
  wasReady = true;
  void instance.completeLaunch().then((wasLaunch) => {
    if (wasLaunch && Number.isFinite(sinceLaunch)) bootSeconds = sinceLaunch;
    reports.poke();
  });
};
const observe = (news: WorkerNews): void => {
  if (news.kind === 'worker:ready') becomeReady();
  status.observe(news);
  activity.observe(news);
  measure(metrics, news);
  if (news.kind === 'worker:unhealthy') void instance.reportUnhealthy();
  // The first rate is news: until then the scaler has to assume one.
  if (news.kind === 'job:ended' && !hasWorked) {
    hasWorked = true;
    reports.poke();
  }
};

const health = await startHealthServer({ port: config.healthPort, health: status.health });
logger.info('health is told', { url: health.url });
const { restart } = createWebuiRestart({ command: config.sdWebuiRestartCommand, clock, logger });
const worker = startWorker({
  workerId,
  queue: createMessageQueue({
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false, requestHandler: SILENCE.sqs }),
    url: config.tasksQueueUrl,
  }),
  ledger: createLedger({ ...config, credentials }),
  objects: createObjectStore({ ...config, s3: new S3Client({ requestHandler: SILENCE.s3 }) }),
  backend,
  restartWebui: restart,
  clock,
  random: Math.random,
  randomId: randomUUID,
  randomNonce: () => randomBytes(16).toString('hex'),
  observe,
  logger,
});

const reports = startReports({
  who: () => ({
    ...{ id: workerId, pool: config.pool, instanceType: identity?.instanceType ?? null },
    bootSeconds: bootSeconds ?? null,
  }),
  send: createWorkerReporter({ ...config, credentials }),
  state: () => ({ state: status.state(), reason: status.reason() }),
  megapixelStepsPerSecond: worker.rate.megapixelStepsPerSecond,
  catalogue: backend.catalogue,
  clock,
  logger,
});

const watching = new AbortController();
let leaving = false;
/** What is under way when the instance goes is lost, so it ends a little earlier. */
const SPOT_MARGIN_MS = 10_000;

const leave = async (reason: string, withinMs: number): Promise<void> => {
  if (leaving) return;
  leaving = true;
  watching.abort();
  await worker.drain({ reason, withinMs });
  // Only then does the group wait for it.
  if (['scale-in', 'rebalance', 'idle'].includes(reason)) await instance.completeDrain();
  await reports.stop();
  await health.stop();
  process.exit(0);
};
// A second one ends the process as it always does.
process.once('SIGTERM', (signal) => void leave(signal, config.drainMs));
process.once('SIGINT', (signal) => void leave(signal, config.drainMs));

/** An instance of no group has nobody who would take it away. */
if (group !== undefined) {
  const see = createSeeQueue({ ...config, credentials });
  void leaveWhenIdle(
    {
      instanceId: workerId,
      activity,
      see: (signal) => see(config.pool, signal),
      terminate: () => instance.terminate({ decrement: true }),
      clock,
      logger,
    },
    watching.signal,
  ).then((decision) => decision && leave('idle', config.drainMs));
}

const watched = { ...config.metadata, fetch, clock };
let notice = await watchNotices(watched, watching.signal);
// First of all, so that a successor boots meanwhile. Where none can be had this instance is still better than nothing.
if (notice?.reason === 'rebalance' && (await instance.terminate({ decrement: false })) === 'refused') {
  notice = await watchNotices({ ...watched, heedRebalance: false }, watching.signal);
}
if (notice) {
  const leftMs = notice.until === undefined ? config.drainMs : notice.until - Date.now() - SPOT_MARGIN_MS;
  await leave(notice.reason, Math.min(config.drainMs, Math.max(0, leftMs)));
}
