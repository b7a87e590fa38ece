import { toFailure } from '../contract/errors.ts';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import { ACTIVE_SHARDS, type TaskRow } from '../contract/task.ts';
import type { DueRows } from './due-rows.ts';
import type { Logger } from './logger.ts';
import type { Ring } from './ring.ts';
import type { TaskStore } from './task-store.ts';
import type { Ledger } from './update-task.ts';

/*
 * Whatever may die in between, a task that was accepted ends: this is who sees to it. A row that is not terminal says when it
 * must be looked at again (`wakeAt`); a pass looks at those whose moment has come, decides from the row alone, and tells an
 * event or rings. The decision is by this process's clock and may be wrong by now; the condition that `updateTask` puts on
 * the write is by the resolver's, and has the last word. So a refusal is nothing to worry about, two passes at once do no harm,
 * and a pass that dies anywhere leaves rows whose moment has still come:
 *
 * - before an event: nothing happened;
 * - between `requeue` and the ring: the row has no `dispatchedAt` and wakes when it is due;
 * - between the message and its confirmation: the next pass sends the same number again, and one of both finds the task taken.
 */

/** What a row needs. `nothing`: the index was behind the row, or somebody was faster. */
export type Decision = 'nothing' | 'ring' | 'expire' | 'deadline' | 'requeue' | 'giveUp' | 'cancelLost';

export const decide = (row: TaskRow, now: number): Decision => {
  switch (row.status) {
    case 'QUEUED':
      if (row.deadlineAt <= now) return 'deadline';
      if (row.attempt === 0 && row.startBy <= now) return 'expire';
      return row.wakeAt !== undefined && row.wakeAt <= now ? 'ring' : 'nothing';
    case 'RUNNING':
      if (!hasLapsed(row, now)) return 'nothing';
      return row.failures < row.maxRetries ? 'requeue' : 'giveUp';
    case 'CANCELING':
      return hasLapsed(row, now) ? 'cancelLost' : 'nothing';
    case 'SUCCEEDED':
    case 'FAILED':
    case 'CANCELED':
    case 'EXPIRED':
      return 'nothing';
  }
};

const hasLapsed = ({ leaseUntil }: TaskRow, now: number): boolean =>
  leaseUntil !== undefined && leaseUntil < now;

/** The decisions that end a task. */
export type Ending = 'expire' | 'deadline' | 'giveUp' | 'cancelLost';

export interface ReconcileDependencies {
  readonly due: DueRows;
  readonly tasks: Pick<TaskStore, 'get'>;
  readonly ring: Ring;
  readonly ledger: Ledger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Told of each task that was ended here. Nobody is unless told. */
  readonly onEnd?: (row: TaskRow, event: Ending) => void;
}

/** What a pass did: how many rows got which decision, refused events, rows that gave trouble. */
export type Tally = Record<Decision | 'refused' | 'failed', number> & {
  /** More rows are due than one pass takes: the next one goes on. */
  leftOver: boolean;
};

/** One pass. Starts nothing more once the signal is aborted. */
export type Reconcile = (signal: AbortSignal) => Promise<Tally>;

const ROWS_PER_SHARD = 500;
const AT_ONCE = 5;
const LONGEST_BACK_OFF_SECONDS = 60;

export const createReconcile = (dependencies: ReconcileDependencies): Reconcile => {
  const { due, clock, logger } = dependencies;

  return async (signal) => {
    const tally = emptyTally();
    const settle = createSettle(dependencies, tally);

    const sweep = async (shard: string): Promise<void> => {
      let left = ROWS_PER_SHARD;
      try {
        for await (const page of due(shard, clock())) {
          const ids = page.slice(0, left);
          for (let at = 0; at < ids.length && !signal.aborted; at += AT_ONCE) {
            await Promise.all(ids.slice(at, at + AT_ONCE).map(settle));
          }
          left -= page.length;
          if (left > 0 && !signal.aborted) continue;
          tally.leftOver = true;
          return;
        }
      } catch (error) {
        tally.failed += 1;
        logger.error('shard not read', { shard, error: String(error) });
      }
    };

    await Promise.all(Array.from({ length: ACTIVE_SHARDS }, (_, shard) => sweep(String(shard))));
    return tally;
  };
};

/** Looks at one row and does what it needs. Never throws: one row's trouble is not another's. */
const createSettle = (
  { tasks, ring, ledger, clock, logger, onEnd }: ReconcileDependencies,
  tally: Tally,
): ((id: string) => Promise<void>) => {
  const tell = async (input: UpdateTaskInput): Promise<boolean> => {
    const verdict = await ledger.tell(input);
    if (!verdict.accepted) {
      tally.refused += 1;
      return false;
    }
    const { id: taskId, event } = input;
    logger.info('task reconciled', { taskId, event, status: verdict.task.status });
    return true;
  };

  const carryOut = async (row: TaskRow, decision: Decision): Promise<void> => {
    if (decision === 'nothing') tally.nothing += 1;
    else if (decision === 'ring') {
      await ring(row, clock());
      logger.info('task rung again', { taskId: row.id, dispatch: row.dispatch + 1 });
      tally.ring += 1;
    } else if (await tell(toEvent(row, decision))) {
      tally[decision] += 1;
      if (decision === 'requeue') await goOn(row.id);
      else onEnd?.(row, decision);
    }
  };

  /** A task that was taken from a lost worker has nobody who rings for it: its moment has come again at once. */
  const goOn = async (id: string): Promise<void> => {
    const row = await tasks.get(id);
    const now = clock();
    if (row) await carryOut(row, decide({ ...row, wakeAt: now }, now));
  };

  return async (id) => {
    try {
      const row = await tasks.get(id);
      if (row) await carryOut(row, decide(row, clock()));
    } catch (error) {
      tally.failed += 1;
      logger.error('task not reconciled', { taskId: id, error: String(error) });
    }
  };
};

const emptyTally = (): Tally => ({
  ...{ nothing: 0, ring: 0, expire: 0, deadline: 0, requeue: 0, giveUp: 0, cancelLost: 0 },
  ...{ refused: 0, failed: 0, leftOver: false },
});

const toEvent = (
  { id, failures }: TaskRow,
  event: Exclude<Decision, 'nothing' | 'ring'>,
): UpdateTaskInput => {
  switch (event) {
    case 'expire':
      return { id, event, error: toFailure('START_EXPIRED', 'No worker took it by its startBy.') };
    case 'deadline':
      return { id, event, error: toFailure('DEADLINE_EXCEEDED', 'It had not ended by its deadlineAt.') };
    case 'requeue':
      return { id, event, backOffSeconds: Math.min(LONGEST_BACK_OFF_SECONDS, 2 * 2 ** failures) };
    case 'giveUp':
      return {
        ...{ id, event },
        error: toFailure('WORKER_LOST', 'Its worker vanished, in the last attempt that it had.'),
      };
    case 'cancelLost':
      return { id, event };
  }
};
