/**
 * Names of environment variables: a construct in `infra/` sets what a `config.ts` reads. The worker's stand in one SSM
 * parameter as a JSON object of strings.
 */
export const ENV = {
  tasksTable: 'TASKS_TABLE',
  tasksQueueUrl: 'TASKS_QUEUE_URL',
  graphqlUrl: 'GRAPHQL_URL',
  requestsBucket: 'REQUESTS_BUCKET',
  imagesBucket: 'IMAGES_BUCKET',
  /** Base URL of the CloudFront distribution, without a trailing slash. */
  cdnUrl: 'CDN_URL',
  /** Where the WebUI beside the worker listens. */
  sdWebuiUrl: 'SD_WEBUI_URL',
  /** What the worker calls itself; on EC2 the instance id. */
  workerId: 'WORKER_ID',
  logLevel: 'LOG_LEVEL',
} as const;

export type EnvName = (typeof ENV)[keyof typeof ENV];
