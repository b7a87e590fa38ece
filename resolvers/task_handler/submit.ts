import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import * as v from 'valibot';
import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import { requestKey } from '../../contract/keys.ts';
import { INLINE_REQUEST_BYTES, REQUEST_BYTES } from '../../contract/limits.ts';
import type { TaskRow } from '../../contract/task.ts';
import { toNewRow } from '../../ledger/new-row.ts';
import type { Ring } from '../../ledger/ring.ts';
import { toTaskRequest } from './input.ts';
import type { RequestStore } from './request-store.ts';
import type { TaskStore } from './task-store.ts';
import { toTimeLimits } from './time-limits.ts';

type SubmitRequest = Extract<HandlerRequest, { field: 'submitTask' }>;

export interface SubmitDependencies {
  readonly tasks: TaskStore;
  readonly requests: RequestStore;
  readonly ring: Ring;
  /** A whole number from 0 up to, not including, `limit`. */
  readonly randomSeed: (limit: number) => number;
  readonly randomId: () => string;
}

/**
 * Accepts a task: put, send, confirm, in this order. Dying after the put loses nothing: a repeated submit sends the
 * message again, and so does the reconciler where `dispatchedAt` stays missing. Dying after the send costs at most a
 * second message, which no claim takes.
 */
export const createSubmit = (dependencies: SubmitDependencies) => {
  const { tasks, requests, ring, randomSeed, randomId } = dependencies;

  const rung = async (row: TaskRow, now: number): Promise<HandlerAnswer> => {
    await ring(row, now);
    return { task: row };
  };

  /** The id is taken: by this very submit, sent twice, or by something else, about which nothing is told. */
  const repeated = async (existing: TaskRow, row: TaskRow): Promise<HandlerAnswer> => {
    if (existing.owner !== row.owner || existing.requestHash !== row.requestHash) {
      return {
        error: {
          code: 'CONFLICT',
          field: 'id',
          message: `id: ${row.id} was used for another task. Choose a new UUID for every task.`,
        },
      };
    }
    const isUnconfirmed = existing.status === 'QUEUED' && existing.dispatchedAt === undefined;
    return isUnconfirmed ? rung(existing, row.createdAt) : { task: existing };
  };

  return async ({ owner, input, now }: SubmitRequest): Promise<HandlerAnswer> => {
    const { id: givenId, ...asked } = input;
    const id = (givenId ?? randomId()).toLowerCase();
    if (!v.is(v.pipe(v.string(), v.uuid()), id)) return invalid('id', 'must be a UUID');

    const time = toTimeLimits(asked);
    if (!time.ok) return invalid(time.invalid.field, time.invalid.message);
    const parsed = toTaskRequest(asked, randomSeed);
    if (!parsed.ok) return invalid(parsed.invalid.field, parsed.invalid.message);
    const json = JSON.stringify(parsed.request);
    const bytes = Buffer.byteLength(json);
    if (bytes > REQUEST_BYTES) return invalid('input', `has ${bytes} bytes, the limit is ${REQUEST_BYTES}`);

    const hash = createHash('sha256').update(stringify(asked)).digest('hex');
    const row = toNewRow({
      ...{ id, owner, kind: parsed.request.kind, requestHash: hash, now, ...time.limits },
      ...(bytes <= INLINE_REQUEST_BYTES ? { request: json } : { requestKey: requestKey(id, hash) }),
    });
    if (row.requestKey !== undefined) {
      // Looked up before it is stored, so that a refused submit leaves no object behind.
      const existing = await tasks.get(row.id);
      if (existing) return repeated(existing, row);
      await requests.put(row.requestKey, json);
    }
    if ((await tasks.create(row)) === 'created') return rung(row, now);
    const existing = await tasks.get(row.id);
    if (!existing) throw new Error('The row vanished between put and get');
    return repeated(existing, row);
  };
};

const invalid = (field: string, message: string): HandlerAnswer => ({
  error: { code: 'VALIDATION', field, message: `${field}: ${message}` },
});
