/**
 * Names of environment variables: a construct in `infra/` sets what a `config.ts` reads. The worker's stand in one SSM
 * parameter as a JSON object of strings.
 */
export const ENV = {
  tasksTable: 'TASKS_TABLE',
  workersTable: 'WORKERS_TABLE',
  /** Where a worker takes its messages. */
  tasksQueueUrl: 'TASKS_QUEUE_URL',
  /** Every pool with its queue and models, as JSON (`Pool[]`): for whoever sends. */
  pools: 'POOLS',
  /** The pool that a worker belongs to. */
  pool: 'POOL',
  /** What the scaler looks after, as JSON (`FleetConfig[]`). */
  fleets: 'FLEETS',
  fleetTable: 'FLEET_TABLE',
  /** Where one asks for a look at a fleet before the next pass. */
  wakeQueueUrl: 'WAKE_QUEUE_URL',
  graphqlUrl: 'GRAPHQL_URL',
  requestsBucket: 'REQUESTS_BUCKET',
  imagesBucket: 'IMAGES_BUCKET',
  /** Base URL of the CloudFront distribution, without a trailing slash. */
  cdnUrl: 'CDN_URL',
  /** Where the WebUI beside the worker listens. */
  sdWebuiUrl: 'SD_WEBUI_URL',
  /** Shell command that has the WebUI beside the worker restarted, by whatever supervises it. */
  sdWebuiRestartCommand: 'SD_WEBUI_RESTART_COMMAND',
  /** Where the worker answers `/health`, on 127.0.0.1; 0: any free port. */
  healthPort: 'HEALTH_PORT',
  /** How long a worker that is told to go may take. */
  drainSeconds: 'DRAIN_SECONDS',
  /** Name of the Auto Scaling group that the worker's instance belongs to. */
  autoScalingGroup: 'AUTO_SCALING_GROUP',
  maxActiveTasksPerOwner: 'MAX_ACTIVE_TASKS_PER_OWNER',
  /** What the worker calls itself; on EC2 the instance id. */
  workerId: 'WORKER_ID',
  logLevel: 'LOG_LEVEL',
} as const;

export type EnvName = (typeof ENV)[keyof typeof ENV];
