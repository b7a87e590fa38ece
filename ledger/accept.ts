import type { HandlerAnswer } from '../contract/handler.ts';
import type { TaskRow } from '../contract/task.ts';
import type { Ring } from './ring.ts';
import type { TaskStore } from './task-store.ts';

export interface AcceptDependencies {
  readonly tasks: TaskStore;
  readonly ring: Ring;
  /** How many tasks of one owner may be under way; any number unless told. */
  readonly maxActive?: number;
}

/** Takes a new row on; `storeRequest` puts the request where the row says it is, if that is outside the row. */
export type Accept = (row: TaskRow, storeRequest?: () => Promise<void>) => Promise<HandlerAnswer>;

/**
 * Put, send, confirm, in this order. Dying after the put loses nothing: who repeats the call has the message sent, and so
 * does the reconciler where `dispatchedAt` stays missing. Dying after the send costs at most a second message, which no claim
 * takes.
 */
export const createAccept = ({ tasks, ring, maxActive = Infinity }: AcceptDependencies): Accept => {
  const rung = async (row: TaskRow, now: number): Promise<HandlerAnswer> => {
    await ring(row, now);
    return { task: row };
  };

  /** The id is taken: by this very request, sent twice, or by something else, about which nothing is told. */
  const repeated = (existing: TaskRow, row: TaskRow): Promise<HandlerAnswer> | HandlerAnswer => {
    if (existing.owner !== row.owner || existing.requestHash !== row.requestHash) return conflict(row.id);
    const isUnconfirmed = existing.status === 'QUEUED' && existing.dispatchedAt === undefined;
    return isUnconfirmed ? rung(existing, row.createdAt) : { task: existing };
  };

  /** The index lags, so a burst can get past this: it holds back a flood, it is no fence. */
  const hasTooMany = async (owner: string): Promise<boolean> =>
    Number.isFinite(maxActive) && (await tasks.countActive(owner, maxActive)) >= maxActive;

  return async (row, storeRequest) => {
    const tooMany = await hasTooMany(row.owner);
    if (tooMany || storeRequest) {
      // Looked up first: what was accepted is answered whatever the quota says, and what is refused leaves no object behind.
      const existing = await tasks.get(row.id);
      if (existing) return repeated(existing, row);
    }
    if (tooMany) return quotaExceeded(maxActive);
    await storeRequest?.();
    if ((await tasks.create(row)) === 'created') return rung(row, row.createdAt);
    const existing = await tasks.get(row.id);
    if (!existing) throw new Error('The row vanished between put and get');
    return repeated(existing, row);
  };
};

const conflict = (id: string): HandlerAnswer => ({
  error: {
    code: 'CONFLICT',
    field: 'id',
    message: `id: ${id} was used for another task. Choose a new UUID for every task.`,
  },
});

const quotaExceeded = (maxActive: number): HandlerAnswer => ({
  error: {
    code: 'QUOTA_EXCEEDED',
    message: `You have ${maxActive} tasks that have not ended, which is the limit. Wait until one has, or cancel one.`,
  },
});
