import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import * as v from 'valibot';
import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import { requestKey } from '../../contract/keys.ts';
import {
  DISPATCH_GRACE_SECONDS,
  FINISH_WITHIN_SECONDS,
  INLINE_REQUEST_BYTES,
  MAX_ATTEMPTS,
  REQUEST_BYTES,
  START_WITHIN_SECONDS,
} from '../../contract/limits.ts';
import type { TaskRequest } from '../../contract/request.ts';
import { ACTIVE_SHARDS, type TaskRow } from '../../contract/task.ts';
import type { Ring } from '../../ledger/ring.ts';
import { toTaskRequest } from './input.ts';
import type { RequestStore } from './request-store.ts';
import type { TaskStore } from './task-store.ts';

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
    const id = givenId ?? randomId();
    if (!v.is(v.pipe(v.string(), v.uuid()), id)) return invalid('id', 'must be a UUID');

    const parsed = toTaskRequest(asked, randomSeed);
    if (!parsed.ok) return invalid(parsed.invalid.field, parsed.invalid.message);
    const json = JSON.stringify(parsed.request);
    const bytes = Buffer.byteLength(json);
    if (bytes > REQUEST_BYTES) return invalid('input', `has ${bytes} bytes, the limit is ${REQUEST_BYTES}`);

    const hash = createHash('sha256').update(stringify(asked)).digest('hex');
    const row = toRow({ id: id.toLowerCase(), owner, now, hash, json, request: parsed.request });
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

const toRow = (task: {
  id: string;
  owner: string;
  now: number;
  hash: string;
  json: string;
  request: TaskRequest;
}): TaskRow => {
  const { id, owner, now, hash, json, request } = task;
  const inline = Buffer.byteLength(json) <= INLINE_REQUEST_BYTES;
  return {
    id,
    owner,
    kind: request.kind,
    status: 'QUEUED',
    version: 1,
    attempt: 0,
    failures: 0,
    maxRetries: MAX_ATTEMPTS - 1,
    releases: 0,
    dispatch: 0,
    createdAt: now,
    updatedAt: now,
    notBefore: now,
    startBy: now + START_WITHIN_SECONDS.default * 1000,
    deadlineAt: now + FINISH_WITHIN_SECONDS.default * 1000,
    requestHash: hash,
    ...(inline ? { request: json } : { requestKey: requestKey(id, hash) }),
    shard: toShard(id),
    wakeAt: now + DISPATCH_GRACE_SECONDS * 1000,
  };
};

/** A UUID's last digits are random enough to spread rows over the shards. */
const toShard = (id: string): string => String(Number.parseInt(id.slice(-4), 16) % ACTIVE_SHARDS);
