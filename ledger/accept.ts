import type { HandlerAnswer } from '../contract/handler.ts';
import type { TaskRow } from '../contract/task.ts';
import type { Ring } from './ring.ts';
import type { TaskStore } from './task-store.ts';

export interface AcceptDependencies {
  readonly tasks: TaskStore;
  readonly ring: Ring;
  /** Has somebody come who takes it, where nobody is there. Never rejects. */
  readonly wake?: (row: TaskRow) => Promise<void>;
  /** How many tasks of one owner may be under way; any number unless told. */
  readonly maxActive?: number;
}

export interface AcceptOptions {
  /** Puts the request where the row says it is; for one that is not in the row itself. */
  readonly storeRequest?: () => Promise<void>;
  /** What the caller calls the new task's id; `id` unless told. */
  readonly idField?: string;
}

/** Takes a new row on. */
export type Accept = (row: TaskRow, options?: AcceptOptions) => Promise<HandlerAnswer>;

/**
 * Put, send, confirm, in this order. Dying after the put loses nothing: who repeats the call has the message sent, and so
 * does the reconciler where `dispatchedAt` stays missing. Dying after the send costs at most a second message, which no claim
 * takes.
 */
export const createAccept = ({ tasks, ring, wake, maxActive = Infinity }: AcceptDependencies): Accept => {
  const rung = async (row: TaskRow, now: number): Promise<HandlerAnswer> => {
    // At the same time: a boot takes longer than anything here.
    await Promise.all([ring(row, now), wake?.(row)]);
    return { task: row };
  };

  /** The id is taken: by this very request, sent twice, or by something else, about which nothing is told. */
  const repeated = async (existing: TaskRow, row: TaskRow, idField: string): Promise<HandlerAnswer> => {
    const isSame = existing.owner === row.owner && existing.requestHash === row.requestHash;
    if (!isSame) return conflict(row.id, idField);
    const isUnconfirmed = existing.status === 'QUEUED' && existing.dispatchedAt === undefined;
    return isUnconfirmed ? rung(existing, row.createdAt) : { task: existing };
  };

  /** The index lags, so a burst can get past this: it holds back a flood, it is no fence. */
  const hasTooMany = async (owner: string): Promise<boolean> =>
    Number.isFinite(maxActive) && (await tasks.countActive(owner, maxActive)) >= maxActive;

  return async (row, { storeRequest, idField = 'id' } = {}) => {
    const tooMany = await hasTooMany(row.owner);
    if (tooMany || storeRequest) {
      // Looked up first: what was accepted is answered whatever the quota says, and what is refused leaves no object behind.
      const existing = await tasks.get(row.id);
      if (existing) return repeated(existing, row, idField);
    }
    if (tooMany) return quotaExceeded(maxActive);
    await storeRequest?.();
    if ((await tasks.create(row)) === 'created') return rung(row, row.createdAt);
    const existing = await tasks.get(row.id);
    if (!existing) throw new Error('The row vanished between put and get');
    return repeated(existing, row, idField);
  };
};

const conflict = (id: string, field: string): HandlerAnswer => ({
  error: {
    code: 'CONFLICT',
    field,
    message: `${field}: ${id} was used for another task. Choose a new UUID for every task.`,
  },
});

const quotaExceeded = (maxActive: number): HandlerAnswer => ({
  error: {
    code: 'QUOTA_EXCEEDED',
    message: `You have ${maxActive} tasks that have not ended, which is the limit. Wait until one has, or cancel one.`,
  },
});
