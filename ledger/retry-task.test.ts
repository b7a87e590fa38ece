import { describe, expect, it } from 'vitest';
import type { TaskRow } from '../contract/task.ts';
import { createAccept } from './accept.ts';
import { toNewRow } from './new-row.ts';
import { createRetryTask } from './retry-task.ts';

const OLD = 'a0000000-0000-4000-8000-000000000000';
const NEW = 'b0000000-0000-4000-8000-000000000000';
const THEN = Date.UTC(2026, 0, 1);
const NOW = THEN + 3_600_000;

const ended = (fields: Partial<TaskRow> = {}): TaskRow => ({
  ...toNewRow({
    ...{ id: OLD, owner: 'user:ann', kind: 'TXT2IMG', requestHash: 'old', request: '{"seed":7}', now: THEN },
    ...{ pool: 'default', model: 'sd_xl_base_1.0', megapixelSteps: 5 },
    startWithinSeconds: 60,
    finishWithinSeconds: 600,
  }),
  status: 'FAILED',
  attempt: 3,
  failures: 3,
  ...fields,
});

const createWorld = (source: TaskRow, maxActive?: number) => {
  const rows = new Map([[source.id, source]]);
  const copies: [string, string][] = [];
  const rung: string[] = [];
  const tasks = {
    create: async (row: TaskRow) => {
      if (rows.has(row.id)) return 'exists' as const;
      rows.set(row.id, row);
      return 'created' as const;
    },
    get: async (id: string) => rows.get(id),
    countActive: async () => 1,
  };
  const retryTask = createRetryTask({
    tasks,
    requests: { copy: async (from, to) => void copies.push([from, to]) },
    pools: [
      { name: 'default', queueUrl: 'https://sqs/default', group: 'workers', models: [] },
      { name: 'xl', queueUrl: 'https://sqs/xl', group: 'workers-xl', models: ['sd_xl_base_1.0'] },
    ],
    accept: createAccept({
      tasks,
      ring: async ({ id }) => void rung.push(id),
      ...(maxActive !== undefined && { maxActive }),
    }),
  });
  return {
    rows,
    copies,
    rung,
    retry: (owner = 'user:ann', newId = NEW) => retryTask({ owner, id: OLD, newId, now: NOW }),
  };
};

describe('retryTask', () => {
  it('goes to the pool that has its model by now', async () => {
    const withPool = createWorld(ended({ pool: 'default', model: 'sd_xl_base_1.0' }));
    expect((await withPool.retry()).task).toMatchObject({ pool: 'xl', model: 'sd_xl_base_1.0' });
    // The pool that it failed in is no more.
    const without = createWorld(ended({ pool: 'gone', model: 'of nobody' }));
    expect((await without.retry()).task?.pool).toBe('default');
  });

  it('makes a new task of the same request, with as much time as that one was given', async () => {
    const { retry, rung } = createWorld(ended());
    const { task } = await retry();
    expect(task).toMatchObject({
      id: NEW,
      owner: 'user:ann',
      retryOf: OLD,
      kind: 'TXT2IMG',
      pool: 'xl',
      megapixelSteps: 5,
      status: 'QUEUED',
      attempt: 0,
      failures: 0,
      request: '{"seed":7}',
      createdAt: NOW,
      startBy: NOW + 60_000,
      deadlineAt: NOW + 600_000,
    });
    expect(rung).toEqual([NEW]);
  });

  it('is one task under one newId, however often it is asked', async () => {
    const { retry, rows } = createWorld(ended());
    await retry();
    expect((await retry()).task?.id).toBe(NEW);
    expect(rows.size).toBe(2);
  });

  it('copies a large request, since its object goes by its own age', async () => {
    const { request: _inline, ...row } = ended({ requestKey: `requests/${OLD}/old.json` });
    const { retry, copies } = createWorld(row);
    const { task } = await retry();
    expect(task?.request).toBeUndefined();
    expect(task?.requestKey).toMatch(new RegExp(`^requests/${NEW}/[0-9a-f]{64}\\.json$`));
    expect(copies).toEqual([[`requests/${OLD}/old.json`, task?.requestKey]]);
  });

  it.each(['QUEUED', 'RUNNING', 'CANCELING'] as const)('refuses one that is %s', async (status) => {
    const { error } = await createWorld(ended({ status })).retry();
    expect(error).toMatchObject({ code: 'CONFLICT', field: 'id' });
    expect(error?.message).toContain(status);
  });

  it.each([
    ['somebody else’s', ended(), 'user:bob'],
    ['one that is hidden because it is about to be deleted', ended({ expiresAt: NOW / 1000 }), 'user:ann'],
    ['none at all', ended({ id: 'other' }), 'user:ann'],
  ])('finds no task where it is %s', async (_name, source, owner) => {
    const { error } = await createWorld(source).retry(owner);
    expect(error).toMatchObject({ code: 'NOT_FOUND', field: 'id' });
  });

  it('refuses a newId that is another task’s', async () => {
    const { error } = await createWorld(ended()).retry('user:ann', OLD);
    expect(error).toMatchObject({ code: 'CONFLICT', field: 'newId' });
  });

  it('counts against the quota like any other', async () => {
    expect((await createWorld(ended(), 1).retry()).error?.code).toBe('QUOTA_EXCEEDED');
  });
});
