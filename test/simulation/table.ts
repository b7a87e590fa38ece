import type { TaskRow } from '../../contract/task.ts';
import type { DueRows } from '../../ledger/due-rows.ts';
import type { TaskStore } from '../../ledger/task-store.ts';
import { meets, updated, type Expression } from './expressions.ts';
import type { Network, SimulatedProcess } from './network.ts';
import type { Scheduler } from './scheduler.ts';

export interface UpdateRequest {
  readonly key: { readonly id: string };
  readonly update: Expression;
  readonly condition: Expression;
}

/** Told of every write. `before` is absent for a put. */
export type OnWrite = (after: TaskRow, before: TaskRow | undefined) => void;

export interface SimulatedTable {
  readonly storeOf: (process: SimulatedProcess) => TaskStore;
  readonly dueOf: (process: SimulatedProcess) => DueRows;
  /** One conditional UpdateItem, as AppSync does it. */
  readonly update: (request: UpdateRequest) => {
    readonly row?: TaskRow;
    readonly refusedBy?: TaskRow | null;
  };
  readonly get: (id: string) => TaskRow | undefined;
  readonly rows: () => readonly TaskRow[];
  /** As the indexes show them. */
  readonly indexed: () => readonly TaskRow[];
}

export interface SimulatedTableOptions {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: () => number;
  readonly onWrite: OnWrite;
  /** A put that heeds no condition, which is a bug. */
  readonly putsOver?: boolean;
}

const INDEX_LAG_MS = 2000;

/** The tasks table: consistent by key, its index behind by up to two seconds. */
export const createSimulatedTable = (options: SimulatedTableOptions): SimulatedTable => {
  const { scheduler, network, random, onWrite, putsOver = false } = options;
  const rows = new Map<string, TaskRow>();
  /** As the index shows them. */
  const indexed = new Map<string, TaskRow>();

  const write = (row: TaskRow): void => {
    const before = rows.get(row.id);
    rows.set(row.id, row);
    scheduler.after(random() * INDEX_LAG_MS, () => {
      if ((indexed.get(row.id)?.version ?? 0) < row.version) indexed.set(row.id, row);
    });
    onWrite(row, before);
  };

  return {
    storeOf: (process) => ({
      create: (row) =>
        network.call(process, 'dynamodb', 'put', () => {
          if (rows.has(row.id) && !putsOver) return 'exists';
          write(row);
          return 'created';
        }),
      get: (id) => network.call(process, 'dynamodb', 'get', () => rows.get(id)),
      countActive: () => network.call(process, 'dynamodb', 'query', () => 0),
    }),

    dueOf: (process) =>
      async function* (shard, now) {
        yield await network.call(process, 'dynamodb', 'query', () =>
          [...indexed.values()]
            .filter((row) => row.shard === shard && row.wakeAt !== undefined && row.wakeAt <= now)
            .map(({ id }) => id),
        );
      },

    update: ({ key, update, condition }) => {
      const row = rows.get(key.id);
      if (!meets(row as unknown as Record<string, unknown>, condition)) return { refusedBy: row ?? null };
      const after = updated(row as unknown as Record<string, unknown>, update) as unknown as TaskRow;
      write(after);
      return { row: after };
    },

    get: (id) => rows.get(id),
    rows: () => [...rows.values()],
    indexed: () => [...indexed.values()],
  };
};
