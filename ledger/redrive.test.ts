import { describe, expect, it } from 'vitest';
import type { HandlerAnswer } from '../contract/handler.ts';
import type { TaskRow } from '../contract/task.ts';
import type { FailedTask, FailureFilter } from './failed-tasks.ts';
import { createRedrive, redrivenId } from './redrive.ts';
import type { RetryRequest } from './retry-task.ts';

const NOW = Date.UTC(2026, 0, 2);
const DAY = 86_400_000;

const failed = (id: string, finishedAt = NOW): FailedTask => ({
  ...{ id, owner: `user:${id}`, code: 'WORKER_LOST', finishedAt },
});

const createWorld = (found: readonly FailedTask[], answers: Record<string, HandlerAnswer | Error> = {}) => {
  const rows = new Map<string, TaskRow>();
  const asked: RetryRequest[] = [];
  const filters: FailureFilter[] = [];
  const redrive = createRedrive({
    failedTasks: async function* (filter) {
      filters.push(filter);
      for (const task of found) yield [task];
    },
    tasks: { get: async (id) => rows.get(id) },
    retryTask: async (request) => {
      asked.push(request);
      const answer = answers[request.id] ?? {};
      if (answer instanceof Error) throw answer;
      if (!answer.error) rows.set(request.newId, {} as TaskRow);
      return answer;
    },
    clock: () => NOW,
  });
  return { redrive, asked, filters };
};

const outcomes = (redriven: readonly { id: string; outcome: string }[]) =>
  redriven.map(({ id, outcome }) => [id, outcome]);

describe('redrive', () => {
  it('submits each failed task once more for its owner, the oldest first', async () => {
    const { redrive, asked, filters } = createWorld([failed('b', NOW - 1), failed('a', NOW - 2)]);
    const redriven = await redrive({ codes: ['WORKER_LOST'], since: NOW - DAY });
    expect(filters).toEqual([{ codes: ['WORKER_LOST'], since: NOW - DAY }]);
    expect(asked).toEqual([
      { owner: 'user:a', id: 'a', newId: redrivenId('a'), now: NOW },
      { owner: 'user:b', id: 'b', newId: redrivenId('b'), now: NOW },
    ]);
    expect(redriven[0]).toEqual({
      id: 'a',
      code: 'WORKER_LOST',
      finishedAt: NOW - 2,
      newId: redrivenId('a'),
      outcome: 'submitted',
    });
  });

  it('looks for none that are about to be deleted', async () => {
    const { redrive, filters } = createWorld([]);
    await redrive({});
    await redrive({ since: NOW - 8 * DAY, until: NOW });
    expect(filters).toEqual([{ since: NOW - 7 * DAY }, { since: NOW - 7 * DAY, until: NOW }]);
  });

  it('submits nothing twice', async () => {
    const { redrive, asked } = createWorld([failed('a')]);
    await redrive({});
    expect(outcomes(await redrive({}))).toEqual([['a', 'done']]);
    expect(asked).toHaveLength(1);
  });

  it('stops at the limit, and gets further with the next run', async () => {
    const { redrive } = createWorld([failed('a', 1), failed('b', 2), failed('c', 3)]);
    expect(outcomes(await redrive({ limit: 1 }))).toEqual([['a', 'submitted']]);
    expect(outcomes(await redrive({ limit: 1 }))).toEqual([
      ['a', 'done'],
      ['b', 'submitted'],
    ]);
  });

  it('only says what it would do where that was asked for', async () => {
    const { redrive, asked } = createWorld([failed('a', 1), failed('b', 2)]);
    expect(outcomes(await redrive({ dryRun: true, limit: 1 }))).toEqual([['a', 'due']]);
    expect(asked).toEqual([]);
  });

  it('goes on after one that is refused or gives trouble, and says why', async () => {
    const { redrive } = createWorld([failed('a', 1), failed('b', 2), failed('c', 3)], {
      a: { error: { code: 'NOT_FOUND', message: 'There is no task a.' } },
      b: new Error('SQS is away'),
    });
    expect(await redrive({})).toMatchObject([
      { id: 'a', outcome: 'refused', reason: 'There is no task a.' },
      { id: 'b', outcome: 'refused', reason: 'Error: SQS is away' },
      { id: 'c', outcome: 'submitted' },
    ]);
  });
});

describe('the id of a redriven task', () => {
  it('is a UUID that follows from the old one', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(redrivenId('a')).toMatch(uuid);
    expect(redrivenId('a')).toBe(redrivenId('a'));
    expect(redrivenId('a')).not.toBe(redrivenId('b'));
  });
});
