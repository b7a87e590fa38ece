import { describe, expect, it } from 'vitest';
import type { TaskMessage } from '../contract/message.ts';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import type { TaskRow } from '../contract/task.ts';
import { createRing, ringSecondsOf } from './ring.ts';
import type { Delivery } from './task-queue.ts';
import { LedgerUnavailableError } from './update-task.ts';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

const rowOf = (fields: Partial<TaskRow> = {}): TaskRow =>
  ({
    id: 't',
    owner: 'user:ann',
    attempt: 0,
    dispatch: 0,
    notBefore: NOW,
    startBy: NOW + 6 * HOUR,
    deadlineAt: NOW + 12 * HOUR,
    ...fields,
  }) as TaskRow;

const createWorld = (faults: { send?: Error; tell?: Error } = {}) => {
  const done: (TaskMessage | UpdateTaskInput)[] = [];
  const deliveries: Delivery[] = [];
  const warnings: string[] = [];
  const ring = createRing({
    queue: {
      send: async (message, delivery) => {
        if (faults.send) throw faults.send;
        done.push(message);
        deliveries.push(delivery);
      },
    },
    ledger: {
      tell: async (event) => {
        if (faults.tell) throw faults.tell;
        done.push(event);
        return { accepted: false, code: 'NOT_ALLOWED', message: 'a worker was faster' };
      },
    },
    warn: (message) => void warnings.push(message),
  });
  return { ring, done, deliveries, warnings };
};

describe('ring', () => {
  it('sends the message, then tells that it did, under the next number', async () => {
    const { ring, done, deliveries } = createWorld();
    await ring(rowOf({ dispatch: 1 }), NOW);
    expect(done).toEqual([
      { v: 1, taskId: 't', dispatch: 2 },
      { id: 't', event: 'dispatched', dispatch: 2, ringSeconds: 1800 },
    ]);
    expect(deliveries).toEqual([{ owner: 'user:ann', delaySeconds: 0 }]);
  });

  it('has the message of a task that is not due held back until it is', async () => {
    const { ring, deliveries } = createWorld();
    await ring(rowOf({ attempt: 1, notBefore: NOW + 8000 }), NOW);
    expect(deliveries).toEqual([{ owner: 'user:ann', delaySeconds: 8 }]);
  });

  it('only warns where the dispatch could not be confirmed: the message is out', async () => {
    const { ring, done, warnings } = createWorld({ tell: new LedgerUnavailableError('timeout') });
    await ring(rowOf(), NOW);
    expect(done).toHaveLength(1);
    expect(warnings).toEqual(['Dispatch was not confirmed']);
  });

  it('confirms nothing that was not sent', async () => {
    const { ring, done } = createWorld({ send: new Error('SQS is away') });
    await expect(ring(rowOf(), NOW)).rejects.toThrow('SQS is away');
    expect(done).toEqual([]);
  });
});

describe('the time until somebody looks again', () => {
  it.each([
    ['the first time a quarter of an hour', {}, 900],
    ['then half an hour', { dispatch: 1 }, 1800],
    ['then an hour', { dispatch: 2 }, 3600],
    ['never more', { dispatch: 2000 }, 3600],
    ['until it expires, if that is sooner', { startBy: NOW + 59_400 }, 60],
    ['until its deadline, if it was started once', { attempt: 1, startBy: NOW, deadlineAt: NOW + 9000 }, 9],
    ['at least a second', { startBy: NOW - 5000 }, 1],
  ])('%s', (_name, fields, seconds) => {
    expect(ringSecondsOf(rowOf(fields), NOW)).toBe(seconds);
  });
});
