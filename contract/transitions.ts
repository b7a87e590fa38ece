import type { TaskStatus } from './task.ts';

/** What must hold besides the state. Each is one clause of the UpdateItem's condition. */
export type Guard =
  /** `notBefore` has come. */
  | 'due'
  /** Some attempt was made before, or `startBy` has not passed. */
  | 'startable'
  | 'beforeDeadline'
  /** `attempt` and `leaseToken` are the caller's. Time plays no part: a late worker that nobody replaced still counts. */
  | 'lease'
  | 'leaseLapsed'
  | 'retriesLeft'
  | 'noRetriesLeft'
  | 'releasesLeft'
  /** `owner` is the caller's. */
  | 'owner'
  | 'neverClaimed'
  | 'startByPassed'
  | 'deadlinePassed'
  /** The caller's dispatch number is newer than the row's. */
  | 'newerDispatch'
  /** No newer message than the caller's is known: its own may have been claimed before it was confirmed. */
  | 'newestDispatch';

/** What an event changes besides `status`, `version` and `updatedAt`. */
export type Effect =
  /** Records the message that was sent. */
  | 'dispatch'
  /** A message is on its way: the reconciler looks again after the caller's `ringSeconds`. */
  | 'awaitMessage'
  /** Next attempt: `attempt` + 1, a new lease, `startedAt` if it is the first. */
  | 'attempt'
  /** Renews the lease and carries progress. */
  | 'renew'
  /** `failures` + 1. */
  | 'failure'
  /** `releases` + 1. */
  | 'release'
  /** Ends the lease; the row waits for `notBefore` = now + the caller's back-off. */
  | 'wait'
  /** No message is on its way: forgets `dispatchedAt`, so that the reconciler rings once the task is due. */
  | 'ring'
  /** Terminal: `finishedAt`, TTL; leaves the `active` index. */
  | 'finish'
  | 'images'
  | 'error';

export interface Transition {
  readonly by: 'handler' | 'worker' | 'reconciler' | 'deadLetter';
  readonly from: readonly TaskStatus[];
  /** Absent: the state stays as it is. */
  readonly to?: TaskStatus;
  readonly needs: readonly Guard[];
  readonly effects: readonly Effect[];
}

/**
 * The life of a task. One event is one conditional UpdateItem with one target state: `Mutation.updateTask` derives its
 * expressions from this table, and nothing else writes to a row after it was put.
 *
 * In CANCELING only `beat` and `canceled` (and the reconciler's `cancelLost`) are accepted: an image that was finished
 * meanwhile is discarded, so a cancel and a finish that race have exactly one winner.
 */
export const TRANSITIONS = {
  dispatched: {
    by: 'handler',
    from: ['QUEUED'],
    to: 'QUEUED',
    needs: ['newerDispatch'],
    effects: ['dispatch', 'awaitMessage'],
  },
  claim: {
    by: 'worker',
    from: ['QUEUED'],
    to: 'RUNNING',
    needs: ['due', 'startable', 'beforeDeadline'],
    effects: ['attempt'],
  },
  takeover: {
    by: 'worker',
    from: ['RUNNING'],
    to: 'RUNNING',
    needs: ['leaseLapsed', 'retriesLeft', 'beforeDeadline'],
    effects: ['failure', 'attempt'],
  },
  beat: {
    by: 'worker',
    from: ['RUNNING', 'CANCELING'],
    needs: ['lease'],
    effects: ['renew'],
  },
  succeed: {
    by: 'worker',
    from: ['RUNNING'],
    to: 'SUCCEEDED',
    needs: ['lease'],
    effects: ['images', 'finish'],
  },
  fail: {
    by: 'worker',
    from: ['RUNNING'],
    to: 'FAILED',
    needs: ['lease'],
    effects: ['error', 'finish'],
  },
  retry: {
    by: 'worker',
    from: ['RUNNING'],
    to: 'QUEUED',
    needs: ['lease', 'retriesLeft'],
    effects: ['failure', 'wait', 'awaitMessage'],
  },
  release: {
    by: 'worker',
    from: ['RUNNING'],
    to: 'QUEUED',
    needs: ['lease', 'releasesLeft'],
    effects: ['release', 'wait', 'awaitMessage'],
  },
  canceled: {
    by: 'worker',
    from: ['CANCELING'],
    to: 'CANCELED',
    needs: ['lease'],
    effects: ['finish'],
  },
  cancelQueued: {
    by: 'handler',
    from: ['QUEUED'],
    to: 'CANCELED',
    needs: ['owner'],
    effects: ['finish'],
  },
  cancelRunning: {
    by: 'handler',
    from: ['RUNNING'],
    to: 'CANCELING',
    needs: ['owner'],
    effects: [],
  },
  requeue: {
    by: 'reconciler',
    from: ['RUNNING'],
    to: 'QUEUED',
    needs: ['leaseLapsed', 'retriesLeft'],
    effects: ['failure', 'wait', 'ring'],
  },
  giveUp: {
    by: 'reconciler',
    from: ['RUNNING'],
    to: 'FAILED',
    needs: ['leaseLapsed', 'noRetriesLeft'],
    effects: ['failure', 'error', 'finish'],
  },
  cancelLost: {
    by: 'reconciler',
    from: ['CANCELING'],
    to: 'CANCELED',
    needs: ['leaseLapsed'],
    effects: ['finish'],
  },
  expire: {
    by: 'reconciler',
    from: ['QUEUED'],
    to: 'EXPIRED',
    needs: ['neverClaimed', 'startByPassed'],
    effects: ['error', 'finish'],
  },
  deadline: {
    by: 'reconciler',
    from: ['QUEUED'],
    to: 'FAILED',
    needs: ['deadlinePassed'],
    effects: ['error', 'finish'],
  },
  dead: {
    by: 'deadLetter',
    from: ['QUEUED'],
    to: 'FAILED',
    needs: ['newestDispatch'],
    effects: ['error', 'finish'],
  },
} as const satisfies Record<string, Transition>;

export type TaskEvent = keyof typeof TRANSITIONS;
