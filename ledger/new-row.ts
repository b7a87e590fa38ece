import { DISPATCH_GRACE_SECONDS, MAX_ATTEMPTS } from '../contract/limits.ts';
import { ACTIVE_SHARDS, type TaskRow } from '../contract/task.ts';

export type NewTask = Pick<
  TaskRow,
  | 'id'
  | 'owner'
  | 'kind'
  | 'pool'
  | 'model'
  | 'megapixelSteps'
  | 'requestHash'
  | 'request'
  | 'requestKey'
  | 'retryOf'
> & {
  /** The resolver's clock, in milliseconds. */
  readonly now: number;
  readonly startWithinSeconds: number;
  readonly finishWithinSeconds: number;
};

/** A task's row as it is put. */
export const toNewRow = ({ now, startWithinSeconds, finishWithinSeconds, ...task }: NewTask): TaskRow => {
  const deadlineAt = now + finishWithinSeconds * 1000;
  const startBy = Math.min(deadlineAt, now + startWithinSeconds * 1000);
  return {
    ...task,
    status: 'QUEUED',
    version: 1,
    attempt: 0,
    failures: 0,
    maxRetries: MAX_ATTEMPTS - 1,
    releases: 0,
    dispatch: 0,
    createdAt: now,
    updatedAt: now,
    // At once, by whichever clock is asked.
    notBefore: 0,
    startBy,
    deadlineAt,
    shard: toShard(task.id),
    activeOwner: task.owner,
    wakeAt: Math.min(startBy, now + DISPATCH_GRACE_SECONDS * 1000),
  };
};

/** A UUID's last digits are random enough to spread rows over the shards. */
const toShard = (id: string): string => String(Number.parseInt(id.slice(-4), 16) % ACTIVE_SHARDS);
