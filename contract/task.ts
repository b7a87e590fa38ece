/** The states of a task. The last four are terminal: nothing but deletion changes such a row again. */
export const TASK_STATUSES = [
  'QUEUED',
  'RUNNING',
  'CANCELING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'EXPIRED',
] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

export const TERMINAL_STATUSES: readonly TaskStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'];

export type TaskKind = 'TXT2IMG' | 'IMG2IMG' | 'UPSCALE';

/** One stored image, as the row keeps it. */
export interface ImageRecord {
  /** Key in the images bucket. Unguessable: 128 random bits, new for every attempt. */
  readonly key: string;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** Lower-case hex SHA-256 of the stored bytes. */
  readonly sha256: string;
  /** 0…4294967295; absent for an upscale. */
  readonly seed?: number;
  /** The WebUI's generation parameters text; absent for an upscale. */
  readonly infotext?: string;
}

export interface ProgressRecord {
  /** 0…1. */
  readonly fraction: number;
  readonly step: number;
  readonly steps: number;
  readonly etaSeconds?: number;
  /** Key in the images bucket of the newest preview. */
  readonly previewKey?: string;
}

export interface FailureRecord {
  readonly code: string;
  /** For the user: what went wrong and what would be right. */
  readonly message: string;
  readonly retryable: boolean;
}

/**
 * A task's row, the single truth about it. Instants are milliseconds since 1970 by the resolver's clock (`util.time`);
 * `expiresAt` alone is in seconds, because DynamoDB's TTL wants that.
 */
export interface TaskRow {
  readonly id: string;
  /** `user:<sub>`, `iam:<role or user name>` or `key:default`. */
  readonly owner: string;
  /** The task that this one is another try of. */
  readonly retryOf?: string;
  readonly kind: TaskKind;
  /** Whose queue and instances it waits for. */
  readonly pool: string;
  /** The checkpoint that the request names, by which the pool was chosen. */
  readonly model?: string;
  /** Its work, whichever GPU does it: `megapixelStepsOf` of the request. */
  readonly megapixelSteps: number;
  readonly status: TaskStatus;
  /** Grows by one with every write. */
  readonly version: number;
  /** Fences: only grows, with every claim. */
  readonly attempt: number;
  /** Attempts that ended badly. */
  readonly failures: number;
  /** `failures` may grow up to this; one less than the number of attempts allowed. */
  readonly maxRetries: number;
  /** Attempts handed back by a draining worker; they are nobody's fault. */
  readonly releases: number;
  /** Number of the newest message about this task; 0 before the first was confirmed. */
  readonly dispatch: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly dispatchedAt?: number;
  readonly notBefore: number;
  /** A task that no worker has claimed by then expires. */
  readonly startBy: number;
  /** A task that has not ended by then fails. */
  readonly deadlineAt: number;
  readonly startedAt?: number;
  /** When the newest attempt began. */
  readonly claimedAt?: number;
  readonly finishedAt?: number;
  readonly leaseToken?: string;
  readonly leaseUntil?: number;
  readonly workerId?: string;
  readonly progress?: ProgressRecord;
  readonly images?: readonly ImageRecord[];
  readonly error?: FailureRecord;
  /** How long the WebUI worked and how long storing took, in the attempt that succeeded. */
  readonly inferenceMs?: number;
  readonly storeMs?: number;
  /** SHA-256 of the input as sent, which tells a repeated submit from a conflicting one. */
  readonly requestHash: string;
  /** The validated request as JSON, where it is small … */
  readonly request?: string;
  /** … or the key of the object in the requests bucket that holds it. */
  readonly requestKey?: string;
  /** Partition of the `active` index; absent on terminal rows, which keeps the index sparse. */
  readonly shard?: string;
  /** Partition of the `activeByOwner` index: the owner, until the task has ended. */
  readonly activeOwner?: string;
  /** The next instant at which the reconciler must look at this row. */
  readonly wakeAt?: number;
  /** When DynamoDB may delete the row, in seconds; set by terminal events only. */
  readonly expiresAt?: number;
}

export const TASKS_TABLE = {
  partitionKey: 'id',
  ttlAttribute: 'expiresAt',
  /** Mine, newest first. */
  byOwner: { indexName: 'byOwner', partitionKey: 'owner', sortKey: 'createdAt' },
  /** What the reconciler must look at, soonest first. */
  active: {
    indexName: 'active',
    partitionKey: 'shard',
    sortKey: 'wakeAt',
    /** What the fleet needs to know. None of it makes a write dearer: every beat moves the row in the index anyway. */
    projected: ['status', 'pool', 'megapixelSteps', 'createdAt', 'notBefore', 'claimedAt', 'workerId'],
  },
  /** How many of mine have not ended. */
  activeByOwner: { indexName: 'activeByOwner', partitionKey: 'activeOwner', sortKey: 'createdAt' },
} as const;

/** Partitions of the `active` index: enough to spread writes, few enough to read all of them. */
export const ACTIVE_SHARDS = 4;
