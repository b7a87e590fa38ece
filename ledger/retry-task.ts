import { createHash } from 'node:crypto';
import type { HandlerAnswer } from '../contract/handler.ts';
import { requestKey } from '../contract/keys.ts';
import { poolOf, type Pool } from '../contract/pool.ts';
import { TERMINAL_STATUSES, type TaskRow } from '../contract/task.ts';
import type { Accept } from './accept.ts';
import { toNewRow } from './new-row.ts';
import type { RequestStore } from './request-store.ts';
import type { TaskStore } from './task-store.ts';

export interface RetryDependencies {
  readonly tasks: Pick<TaskStore, 'get'>;
  readonly requests: Pick<RequestStore, 'copy'>;
  readonly pools: readonly Pool[];
  readonly accept: Accept;
}

export interface RetryRequest {
  /** Whose task it must be. */
  readonly owner: string;
  readonly id: string;
  /** A UUID, in lower case. */
  readonly newId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type RetryTask = (request: RetryRequest) => Promise<HandlerAnswer>;

/**
 * Submits the request of a task that has ended once more, as a task of its own: the same request to the seed, as much time as
 * that one was given, counted from now. Asked twice under one `newId` it is one task.
 */
export const createRetryTask =
  ({ tasks, requests, pools, accept }: RetryDependencies): RetryTask =>
  async ({ owner, id, newId, now }) => {
    const source = await tasks.get(id);
    if (source?.owner !== owner || isHidden(source, now)) return notFound(id);
    if (!TERMINAL_STATUSES.includes(source.status)) return notEnded(source);

    const requestHash = createHash('sha256')
      .update(JSON.stringify({ retryOf: id }))
      .digest('hex');
    const from = source.requestKey;
    const to = requestKey(newId, requestHash);
    const row = toNewRow({
      ...{ id: newId, owner, retryOf: id, requestHash, now },
      // Its pool may have got its model since, or be no more.
      pool: poolOf(source.model, pools),
      ...(source.model !== undefined && { model: source.model }),
      ...{ kind: source.kind, megapixelSteps: source.megapixelSteps },
      startWithinSeconds: (source.startBy - source.createdAt) / 1000,
      finishWithinSeconds: (source.deadlineAt - source.createdAt) / 1000,
      ...(from === undefined ? { request: source.request } : { requestKey: to }),
    });
    return accept(row, {
      idField: 'newId',
      // A copy of its own: objects go by their age, and this one's would go with the old task.
      ...(from !== undefined && { storeRequest: () => requests.copy(from, to) }),
    });
  };

/** Deleted soon, and shown to nobody any more. */
const isHidden = ({ expiresAt = Infinity }: TaskRow, now: number): boolean => expiresAt * 1000 <= now;

const notFound = (id: string): HandlerAnswer => ({
  error: { code: 'NOT_FOUND', field: 'id', message: `There is no task ${id}.` },
});

const notEnded = ({ status }: TaskRow): HandlerAnswer => ({
  error: {
    code: 'CONFLICT',
    field: 'id',
    message: `The task is ${status}: only one that has ended can be tried again. Wait for it, or cancel it.`,
  },
});
