import { describe, expect, it } from 'vitest';
import type { RefusalCode } from '../../contract/errors.ts';
import type { TaskRow, TaskStatus } from '../../contract/task.ts';
import type { Verdict } from '../../ledger/update-task.ts';
import { createCancel } from './cancel.ts';

const refused = (code: RefusalCode, status = ''): Verdict => ({
  accepted: false,
  code,
  message: code,
  info: { status, attempt: 1, version: 2, leaseRemainingMs: 0, dueInMs: 0 },
});
const accepted = { accepted: true, task: {} } as Verdict;

const cancel = async (status: TaskStatus, verdicts: Verdict[], owner = 'user:ann') => {
  const told: string[] = [];
  const row = { id: 't', owner: 'user:ann', status } as TaskRow;
  const run = createCancel({
    tasks: { get: async () => row },
    ledger: {
      tell: async (event) => {
        told.push(event.event);
        return verdicts[told.length - 1] ?? refused('NOT_ALLOWED');
      },
    },
  });
  return { answer: await run({ field: 'cancelTask', owner, id: 't' }), told };
};

describe('cancelTask', () => {
  it('cancels a queued task with one event', async () => {
    const { answer, told } = await cancel('CANCELED', [accepted]);
    expect(told).toEqual(['cancelQueued']);
    expect(answer.task?.status).toBe('CANCELED');
  });

  it('asks for a running one to be canceled', async () => {
    const { answer, told } = await cancel('CANCELING', [refused('NOT_ALLOWED', 'RUNNING'), accepted]);
    expect(told).toEqual(['cancelQueued', 'cancelRunning']);
    expect(answer.task?.status).toBe('CANCELING');
  });

  it('returns a task that has ended as it is', async () => {
    const { answer } = await cancel('SUCCEEDED', [refused('TERMINAL', 'SUCCEEDED')]);
    expect(answer.task?.status).toBe('SUCCEEDED');
  });

  it('returns a task that is being canceled already', async () => {
    const { answer, told } = await cancel('CANCELING', [refused('NOT_ALLOWED', 'CANCELING')]);
    expect(told).toEqual(['cancelQueued']);
    expect(answer.task?.status).toBe('CANCELING');
  });

  it('finds a task that went back to the queue between the two events', async () => {
    const { told } = await cancel('CANCELED', [
      refused('NOT_ALLOWED', 'RUNNING'),
      refused('NOT_ALLOWED', 'QUEUED'),
      accepted,
    ]);
    expect(told).toEqual(['cancelQueued', 'cancelRunning', 'cancelQueued']);
  });

  it('knows nothing of somebody else’s task', async () => {
    const { answer } = await cancel('RUNNING', [refused('NOT_FOUND')], 'user:bob');
    expect(answer).toEqual({ error: { code: 'NOT_FOUND', field: 'id', message: 'There is no task t.' } });
  });

  it('shows no task of somebody else’s even where the ledger says it has ended', async () => {
    const { answer } = await cancel('SUCCEEDED', [refused('TERMINAL', 'SUCCEEDED')], 'user:bob');
    expect(answer.error?.code).toBe('NOT_FOUND');
  });

  it('gives up after three rounds, and says so', async () => {
    const { answer, told } = await cancel('RUNNING', []);
    expect(told).toHaveLength(6);
    expect(answer.error?.code).toBe('CONFLICT');
  });
});
