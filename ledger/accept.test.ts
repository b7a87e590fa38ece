import { describe, expect, it } from 'vitest';
import type { TaskRow } from '../contract/task.ts';
import { createAccept } from './accept.ts';
import { toNewRow } from './new-row.ts';

const NOW = Date.UTC(2026, 0, 1);

const rowOf = (id: string, owner = 'user:ann', requestHash = 'hash') =>
  toNewRow({
    ...{ id, owner, kind: 'TXT2IMG', requestHash, request: '{}', now: NOW },
    ...{ pool: 'default', megapixelSteps: 5 },
    startWithinSeconds: 60,
    finishWithinSeconds: 60,
  });

const createWorld = (maxActive?: number) => {
  const rows = new Map<string, TaskRow>();
  const rung: string[] = [];
  const counted: number[] = [];
  const accept = createAccept({
    tasks: {
      create: async (row) => {
        if (rows.has(row.id)) return 'exists';
        rows.set(row.id, row);
        return 'created';
      },
      get: async (id) => rows.get(id),
      countActive: async (owner, limit) => {
        counted.push(limit);
        return [...rows.values()].filter(({ activeOwner }) => activeOwner === owner).slice(0, limit).length;
      },
    },
    ring: async ({ id }) => void rung.push(id),
    ...(maxActive !== undefined && { maxActive }),
  });
  return { accept, rows, rung, counted };
};

describe('accept', () => {
  it('stores the request, puts the row and rings, in this order', async () => {
    const { accept, rows, rung } = createWorld();
    const storeRequest = async () => expect([rows.size, rung.length]).toEqual([0, 0]);
    const { task } = await accept(rowOf('a'), { storeRequest });
    expect(task?.id).toBe('a');
    expect(rung).toEqual(['a']);
  });

  it('answers what was accepted already, and rings only where no message was confirmed', async () => {
    const { accept, rows, rung } = createWorld();
    await accept(rowOf('a'));
    await accept(rowOf('a'));
    expect(rung).toEqual(['a', 'a']);
    rows.set('a', { ...rowOf('a'), dispatchedAt: NOW, dispatch: 1 });
    expect((await accept(rowOf('a'))).task).toMatchObject({ dispatch: 1 });
    expect(rung).toEqual(['a', 'a']);
  });

  it('tells nothing of what else has the id', async () => {
    const { accept } = createWorld();
    await accept(rowOf('a'));
    for (const row of [rowOf('a', 'user:bob'), rowOf('a', 'user:ann', 'other')]) {
      expect(await accept(row)).toMatchObject({ error: { code: 'CONFLICT', field: 'id' } });
    }
  });
});

describe('the quota', () => {
  it('refuses one more, naming the limit, and leaves nothing behind', async () => {
    const { accept, rows, rung } = createWorld(2);
    await accept(rowOf('a'));
    await accept(rowOf('b'));
    let stored = false;
    const { error } = await accept(rowOf('c'), { storeRequest: async () => void (stored = true) });
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(error?.message).toContain('2 tasks');
    expect([rows.size, rung.length, stored]).toEqual([2, 2, false]);
  });

  it('counts no more than it has to, and those of the owner alone, until they have ended', async () => {
    const { accept, rows, counted } = createWorld(1);
    await accept(rowOf('a'));
    expect((await accept(rowOf('b', 'user:bob'))).task?.id).toBe('b');
    const { activeOwner: _ended, ...row } = rowOf('a');
    rows.set('a', row);
    expect((await accept(rowOf('c'))).task?.id).toBe('c');
    expect(new Set(counted)).toEqual(new Set([1]));
  });

  it('does not stand between a repeated call and the task that was accepted', async () => {
    const { accept } = createWorld(1);
    await accept(rowOf('a'));
    expect((await accept(rowOf('a'))).task?.id).toBe('a');
  });
});
