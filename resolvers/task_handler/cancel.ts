import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import type { TaskStore } from '../../ledger/task-store.ts';
import type { Ledger } from '../../ledger/update-task.ts';

type CancelRequest = Extract<HandlerRequest, { field: 'cancelTask' }>;

/** A task can change hands between two tries; after these the caller may try again itself. */
const ROUNDS = 3;

const notFound = (id: string): HandlerAnswer => ({
  error: { code: 'NOT_FOUND', field: 'id', message: `There is no task ${id}.` },
});

/**
 * Cancels a queued task, else asks for a running one to be canceled. A task that has ended, or is being canceled
 * already, is returned as it is.
 */
export const createCancel = (options: { tasks: Pick<TaskStore, 'get'>; ledger: Ledger }) => {
  const { tasks, ledger } = options;

  const current = async (id: string, owner: string): Promise<HandlerAnswer> => {
    const task = await tasks.get(id);
    return task?.owner === owner ? { task } : notFound(id);
  };

  return async ({ id, owner }: CancelRequest): Promise<HandlerAnswer> => {
    if (id === '') return notFound(id);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const event of ['cancelQueued', 'cancelRunning'] as const) {
        const verdict = await ledger.tell({ id, owner, event });
        if (verdict.accepted || verdict.code === 'TERMINAL') return current(id, owner);
        if (verdict.code === 'NOT_FOUND') return notFound(id);
        if (verdict.info?.status === 'CANCELING') return current(id, owner);
      }
    }
    return {
      error: { code: 'CONFLICT', field: 'id', message: 'The task keeps changing. Cancel it again.' },
    };
  };
};
