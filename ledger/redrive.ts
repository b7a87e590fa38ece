import { createHash } from 'node:crypto';
import { RETENTION_DAYS } from '../contract/limits.ts';
import type { FailedTask, FailedTasks, FailureFilter } from './failed-tasks.ts';
import type { RetryTask } from './retry-task.ts';
import type { TaskStore } from './task-store.ts';

export interface RedriveOptions extends FailureFilter {
  /** Submit so many at most; all unless told. */
  readonly limit?: number;
  /** Submit nothing, and say what would be. */
  readonly dryRun?: boolean;
}

/** What became of one failed task. `due`: it would be submitted. `done`: it was, by an earlier run. */
export interface Redriven extends Pick<FailedTask, 'id' | 'code' | 'finishedAt'> {
  readonly newId: string;
  readonly outcome: 'submitted' | 'due' | 'done' | 'refused';
  /** Why it was refused. */
  readonly reason?: string;
}

export interface RedriveDependencies {
  readonly failedTasks: FailedTasks;
  readonly tasks: Pick<TaskStore, 'get'>;
  readonly retryTask: RetryTask;
  /** Milliseconds since 1970. Whoever signs requests has a clock that is right within minutes: AWS refuses others. */
  readonly clock: () => number;
}

export type Redrive = (options: RedriveOptions) => Promise<readonly Redriven[]>;

/**
 * Submits failed tasks once more, each for its owner, the oldest first. The new task's id follows from the old one's, so that
 * a second run finds what the first one did: a run that was cut off is finished by the next.
 */
export const createRedrive = ({ failedTasks, tasks, retryTask, clock }: RedriveDependencies): Redrive => {
  const submit = async ({ id, owner }: FailedTask, newId: string): Promise<Partial<Redriven>> => {
    try {
      const { error } = await retryTask({ owner, id, newId, now: clock() });
      return error ? { outcome: 'refused', reason: error.message } : { outcome: 'submitted' };
    } catch (error) {
      return { outcome: 'refused', reason: String(error) };
    }
  };

  return async ({ limit = Infinity, dryRun = false, since = 0, ...filter }) => {
    // Older ones are shown to nobody any more, and about to be deleted.
    const oldest = clock() - RETENTION_DAYS * 86_400_000;
    const found: FailedTask[] = [];
    for await (const page of failedTasks({ ...filter, since: Math.max(since, oldest) })) found.push(...page);
    found.sort((left, right) => left.finishedAt - right.finishedAt);

    const redriven: Redriven[] = [];
    let left = limit;
    for (const task of found) {
      if (left === 0) break;
      const newId = redrivenId(task.id);
      const { id, code, finishedAt } = task;
      const base = { id, code, finishedAt, newId };
      // What earlier runs did counts against no limit: otherwise a limited run would never get beyond its first.
      if (await tasks.get(newId)) {
        redriven.push({ ...base, outcome: 'done' });
        continue;
      }
      left -= 1;
      redriven.push({ ...base, outcome: 'due', ...(!dryRun && (await submit(task, newId))) });
    }
    return redriven;
  };
};

/** A UUID (version 8: made by a rule of one's own) that follows from the old task's. */
export const redrivenId = (id: string): string => {
  const hex = createHash('sha256').update(`redrive ${id}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};
