import { util } from '@aws-appsync/utils';
import { TERMINAL_STATUSES, type TaskRow } from '../../contract/task.ts';

const instant = (ms: number | undefined): string | null =>
  ms === undefined ? null : util.time.epochMilliSecondsToISO8601(ms);

/** DynamoDB deletes expired rows within days, not at once: until then they are hidden. */
export const isExpired = (row: TaskRow): boolean =>
  row.expiresAt !== undefined && row.expiresAt <= util.time.nowEpochSeconds();

/** The request as the worker reads it: inline, or where it lies in the requests bucket. */
const toRequest = (row: TaskRow): unknown =>
  row.request === undefined ? { key: row.requestKey } : { inline: JSON.parse(row.request) };

/**
 * A row as the API shows it. Images and progress keep their S3 keys, from which `Image.url` and
 * `TaskProgress.previewUrl` make URLs; the schema has no field that would show a key.
 */
export const toTask = (row: TaskRow): unknown => ({
  id: row.id,
  owner: row.owner,
  retryOf: row.retryOf ?? null,
  kind: row.kind,
  status: row.status,
  isTerminal: TERMINAL_STATUSES.indexOf(row.status) >= 0,
  version: row.version,
  attempt: row.attempt,
  failures: row.failures,
  createdAt: instant(row.createdAt),
  updatedAt: instant(row.updatedAt),
  startedAt: instant(row.startedAt),
  finishedAt: instant(row.finishedAt),
  startBy: instant(row.startBy),
  deadlineAt: instant(row.deadlineAt),
  progress: row.progress ?? null,
  // What Task.estimate needs to know: instants as numbers, and the size.
  estimate:
    row.status === 'QUEUED'
      ? { pool: row.pool, createdAt: row.createdAt, megapixelSteps: row.megapixelSteps }
      : null,
  images: row.images ?? null,
  error: row.error ?? null,
  inferenceMs: row.inferenceMs ?? null,
  storeMs: row.storeMs ?? null,
  request: toRequest(row),
});
