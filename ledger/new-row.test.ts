import { describe, expect, it } from 'vitest';
import { ACTIVE_SHARDS } from '../contract/task.ts';
import { toNewRow } from './new-row.ts';

const NOW = Date.UTC(2026, 0, 1);

const rowOf = (startWithinSeconds: number, finishWithinSeconds: number, id = 'x-ffff') =>
  toNewRow({
    id,
    owner: 'user:ann',
    kind: 'TXT2IMG',
    pool: 'default',
    megapixelSteps: 5,
    requestHash: 'hash',
    request: '{}',
    now: NOW,
    startWithinSeconds,
    finishWithinSeconds,
  });

describe('a new row', () => {
  it('is looked at when its message should have been confirmed, or must start before that', () => {
    expect(rowOf(3600, 7200)).toMatchObject({
      startBy: NOW + 3_600_000,
      deadlineAt: NOW + 7_200_000,
      wakeAt: NOW + 30_000,
    });
    expect(rowOf(1, 60).wakeAt).toBe(NOW + 1000);
  });

  it('never may start after it must have ended', () => {
    expect(rowOf(3600, 60)).toMatchObject({ startBy: NOW + 60_000, deadlineAt: NOW + 60_000 });
  });

  it('goes to one of the shards, by its id', () => {
    const shards = new Set(Array.from({ length: 64 }, (_, n) => rowOf(1, 1, `x-00${n + 16}`).shard));
    expect(shards.size).toBe(ACTIVE_SHARDS);
  });
});
