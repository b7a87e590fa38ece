import { describe, expect, it } from 'vitest';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import { TASK_STATUSES, type TaskRow } from '../contract/task.ts';
import { createReconcile, decide, type Decision } from './reconcile.ts';
import type { Verdict } from './update-task.ts';

const NOW = Date.UTC(2026, 0, 1);
const PAST = NOW - 1;
const FUTURE = NOW + 60_000;

const rowOf = (fields: Partial<TaskRow> = {}): TaskRow =>
  ({
    id: 't',
    owner: 'user:ann',
    status: 'QUEUED',
    attempt: 0,
    failures: 0,
    maxRetries: 2,
    dispatch: 1,
    notBefore: NOW,
    startBy: FUTURE,
    deadlineAt: FUTURE,
    wakeAt: PAST,
    ...fields,
  }) as TaskRow;

const running = (fields: Partial<TaskRow> = {}): TaskRow =>
  rowOf({ status: 'RUNNING', attempt: 1, leaseUntil: PAST, ...fields });

describe('decide', () => {
  const cases: [string, TaskRow, Decision][] = [
    ['a queued task whose moment has come', rowOf(), 'ring'],
    ['one whose moment has not come, the index being behind', rowOf({ wakeAt: FUTURE }), 'nothing'],
    ['one that nobody took in time', rowOf({ startBy: NOW }), 'expire'],
    ['one that was taken once, and so has started', rowOf({ attempt: 1, startBy: PAST }), 'ring'],
    ['one past its deadline', rowOf({ deadlineAt: NOW, startBy: NOW }), 'deadline'],
    ['a lease that lapsed, retries left', running({ failures: 1 }), 'requeue'],
    ['a lease that lapsed in the last attempt', running({ failures: 2 }), 'giveUp'],
    ['a lease that lives', running({ leaseUntil: NOW }), 'nothing'],
    ['a canceled task whose worker is gone', running({ status: 'CANCELING' }), 'cancelLost'],
    ['a canceled task whose worker lives', running({ status: 'CANCELING', leaseUntil: FUTURE }), 'nothing'],
  ];
  it.each(cases)('%s', (_name, row, decision) => {
    expect(decide(row, NOW)).toBe(decision);
  });

  it('leaves what has ended alone, whatever its row still says', () => {
    const ended = TASK_STATUSES.slice(3);
    expect(ended).toHaveLength(4);
    for (const status of ended) expect(decide(running({ status, deadlineAt: PAST }), NOW)).toBe('nothing');
  });
});

type Answer = 'accept' | 'refuse' | Error;

/** Rows in one shard; `answers` is what the ledger says to each event, by its name. */
const createWorld = (rows: readonly TaskRow[], answers: Record<string, Answer> = {}) => {
  const table = new Map(rows.map((row) => [row.id, row]));
  const told: UpdateTaskInput[] = [];
  const rung: { id: string; dispatch: number; notBefore: number }[] = [];
  const logged: string[] = [];
  const ended: string[] = [];
  const faults = { get: new Map<string, Error>(), shard: undefined as string | undefined };
  const reconcile = createReconcile({
    due: async function* (shard) {
      if (shard === faults.shard) throw new Error('throttled');
      const ids = shard === '0' ? [...table.keys()] : [];
      for (let at = 0; at < ids.length; at += 100) yield ids.slice(at, at + 100);
    },
    tasks: {
      get: async (id) => {
        const fault = faults.get.get(id);
        if (fault) throw fault;
        return table.get(id);
      },
    },
    ring: async ({ id, dispatch, notBefore }) => void rung.push({ id, dispatch, notBefore }),
    ledger: {
      tell: async (event): Promise<Verdict> => {
        const answer = answers[event.event] ?? 'accept';
        if (answer instanceof Error) throw answer;
        if (answer === 'refuse') return { accepted: false, code: 'NOT_ALLOWED', message: 'no' };
        told.push(event);
        const row = table.get(event.id);
        if (row && event.event === 'requeue') {
          const notBefore = NOW + (event.backOffSeconds ?? 0) * 1000;
          table.set(row.id, { ...row, status: 'QUEUED', failures: row.failures + 1, notBefore });
        }
        return { accepted: true, task: { status: 'QUEUED' } } as Verdict;
      },
    },
    clock: () => NOW,
    logger: {
      info: (message) => void logged.push(message),
      warn: (message) => void logged.push(message),
      error: (message) => void logged.push(message),
    },
    onEnd: ({ id }, event) => void ended.push(`${id} ${event}`),
  });
  const pass = (signal = new AbortController().signal) => reconcile(signal);
  return { pass, table, told, rung, logged, ended, faults };
};

describe('a pass', () => {
  it('takes a task from a lost worker, and rings for it once it is due', async () => {
    const { pass, told, rung, ended } = createWorld([running({ failures: 1 })]);
    expect(await pass()).toMatchObject({ requeue: 1, ring: 1, refused: 0, failed: 0 });
    expect(told).toEqual([{ id: 't', event: 'requeue', backOffSeconds: 4 }]);
    expect(rung).toEqual([{ id: 't', dispatch: 1, notBefore: NOW + 4000 }]);
    expect(ended).toEqual([]);
  });

  it('rings for no task that was to end while its worker was lost', async () => {
    const { pass, told, rung } = createWorld([running({ deadlineAt: PAST })]);
    expect(await pass()).toMatchObject({ requeue: 1, deadline: 1, ring: 0 });
    expect(told.map(({ event }) => event)).toEqual(['requeue', 'deadline']);
    expect(rung).toEqual([]);
  });

  it.each([
    ['expire', rowOf({ startBy: PAST }), { code: 'START_EXPIRED', retryable: true }],
    ['deadline', rowOf({ deadlineAt: PAST }), { code: 'DEADLINE_EXCEEDED', retryable: true }],
    ['giveUp', running({ failures: 2 }), { code: 'WORKER_LOST', retryable: true }],
  ] as const)('says why a task ended: %s', async (event, row, error) => {
    const { pass, told, ended } = createWorld([row]);
    await pass();
    expect(told).toEqual([{ id: 't', event, error: expect.objectContaining(error) as unknown }]);
    expect(ended).toEqual([`t ${event}`]);
  });

  it('waits longer after every failure, a minute at most', async () => {
    const { pass, told } = createWorld(
      [0, 1, 2, 7].map((failures) => running({ id: `t${failures}`, failures, maxRetries: 9 })),
    );
    await pass();
    expect(told.map(({ backOffSeconds }) => backOffSeconds)).toEqual([2, 4, 8, 60]);
  });

  it('takes a refusal as it is: somebody was faster', async () => {
    const { pass, rung, logged, ended } = createWorld([running()], { requeue: 'refuse' });
    expect(await pass()).toMatchObject({ refused: 1, requeue: 0, ring: 0, failed: 0 });
    expect([rung, logged, ended]).toEqual([[], [], []]);
  });

  it('goes on with the others where one row, or one shard, gives trouble', async () => {
    const world = createWorld([running({ id: 'a' }), rowOf({ id: 'b' }), rowOf({ id: 'c' })], {
      requeue: new Error('AppSync is away'),
    });
    world.faults.get.set('b', new Error('throttled'));
    world.faults.shard = '3';
    expect(await world.pass()).toMatchObject({ ring: 1, failed: 3 });
    expect(world.rung.map(({ id }) => id)).toEqual(['c']);
    expect(world.logged.filter((message) => message === 'task not reconciled')).toHaveLength(2);
  });

  it('does nothing about a row that is gone', async () => {
    const { pass, table, told } = createWorld([rowOf()]);
    table.delete('t');
    expect(await pass()).toMatchObject({ nothing: 0, failed: 0 });
    expect(told).toEqual([]);
  });

  it('stops at so many rows, and says that more are due', async () => {
    const { pass, rung } = createWorld(Array.from({ length: 620 }, (_, n) => rowOf({ id: `t${n}` })));
    expect(await pass()).toMatchObject({ ring: 500, leftOver: true });
    expect(rung).toHaveLength(500);
  });

  it('begins nothing once its time is up', async () => {
    const { pass, rung } = createWorld([rowOf()]);
    expect(await pass(AbortSignal.abort())).toMatchObject({ ring: 0, leftOver: true });
    expect(rung).toEqual([]);
  });
});
