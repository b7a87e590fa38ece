import { ApiError, NetworkError } from '../../client-sdk/src/errors.ts';
import type { Task } from '../../client-sdk/src/task.ts';
import type { Page, SubscriptionListener, Transport } from '../../client-sdk/src/transport.ts';
import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import type { UpdateTaskInput } from '../../contract/schema.generated.ts';
import type { TaskRow } from '../../contract/task.ts';
import { ResolverError } from '../../local/appsync/runtime/errors.ts';
import type { Ledger, Verdict } from '../../ledger/update-task.ts';
import { LedgerUnavailableError } from '../../ledger/update-task.ts';
import { ServiceError, type Network, type SimulatedProcess } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedTable, UpdateRequest } from './table.ts';

/*
 * AppSync: the resolvers' own request and response handlers around the simulated table and Lambda, and subscriptions that
 * get every event at most once, late, and in any order.
 */

/** A resolver's module, as far as it is run here. */
export interface Resolver {
  readonly request: (ctx: object) => unknown;
  readonly response: (ctx: object) => unknown;
}

export interface Resolvers {
  readonly updateTask: Resolver;
  readonly submitTask: Resolver;
  readonly cancelTask: Resolver;
  readonly retryTask: Resolver;
  readonly task: Resolver;
}

export interface SimulatedAppSync {
  readonly ledgerOf: (process: SimulatedProcess) => Ledger;
  readonly transportOf: (process: SimulatedProcess, owner: string) => Transport;
  /** Every subscription breaks, and stands again five seconds later. */
  readonly cut: () => void;
}

export interface SimulatedAppSyncOptions {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: () => number;
  readonly resolvers: Resolvers;
  readonly table: SimulatedTable;
  /** One invocation of task_handler. Rejects when it failed or died. */
  readonly invoke: (request: HandlerRequest) => Promise<HandlerAnswer>;
  /** Told of every event and what became of it. */
  readonly onEvent: (input: UpdateTaskInput, verdict: Verdict, row: TaskRow | undefined) => void;
}

const REFUSALS = new Set(['NOT_FOUND', 'LEASE_LOST', 'TERMINAL', 'NOT_ALLOWED']);
const LOST_PUSHES = 0.03;
const LATEST_PUSH_MS = 2000;
const RECONNECT_MS = 5000;

interface Subscriber {
  readonly owner: string;
  readonly listener: SubscriptionListener;
  /** Counts connections: what was sent over an earlier one is lost. */
  connection: number;
  isConnected: boolean;
}

export const createSimulatedAppSync = (options: SimulatedAppSyncOptions): SimulatedAppSync => {
  const { scheduler, network, random, resolvers, table, invoke, onEvent } = options;
  const subscribers = new Set<Subscriber>();

  const publish = (task: Task): void => {
    for (const subscriber of subscribers) {
      if (!subscriber.isConnected || subscriber.owner !== task.owner) continue;
      if (random() < LOST_PUSHES) continue;
      const { connection } = subscriber;
      scheduler.after(random() ** 3 * LATEST_PUSH_MS, () => {
        if (subscriber.isConnected && subscriber.connection === connection) subscriber.listener.onEvent(task);
      });
    }
  };

  const update = (input: UpdateTaskInput): Verdict => {
    const ctx: Record<string, unknown> = { args: { input }, env: {}, stash: {} };
    const request = resolvers.updateTask.request(ctx) as UpdateRequest;
    // AppSync's answer to a data source that fails is the response handler's: INTERNAL.
    if (network.isAway('dynamodb')) throw new ServiceError('INTERNAL');
    const { row, refusedBy } = table.update(request);
    ctx.result = row ?? refusedBy;
    if (!row) ctx.error = { type: 'DynamoDB:ConditionalCheckFailedException', message: 'refused' };
    const verdict = toVerdict(resolvers.updateTask, ctx, input);
    onEvent(input, verdict, row);
    if (verdict.accepted) publish(shown(verdict.task as unknown as Task) as Task);
    return verdict;
  };

  const toVerdict = (resolver: Resolver, ctx: object, { event }: UpdateTaskInput): Verdict => {
    try {
      const task = resolver.response(ctx) as Record<string, unknown>;
      // AWSJSON is a text on the wire; only a claim asks for it.
      const request = event === 'claim' || event === 'takeover' ? JSON.stringify(task.request) : null;
      return { accepted: true, task: { ...task, request } as never };
    } catch (error) {
      if (!(error instanceof ResolverError)) throw error;
      const { errorType, errorInfo, message } = error;
      if (!REFUSALS.has(errorType ?? '')) throw new ServiceError(message);
      return {
        accepted: false,
        code: errorType as never,
        message,
        ...((errorInfo as object | null) ? { info: errorInfo as never } : {}),
      };
    }
  };

  /** What `Image.url` makes of a key. */
  const shown = (task: Task | null): Task | null =>
    task && {
      ...task,
      images: task.images?.map((image) => ({ ...image, url: 'https://cdn.example/image.png' })) ?? null,
    };

  const ledgerOf = (process: SimulatedProcess): Ledger => ({
    tell: async (input, signal) => {
      signal?.throwIfAborted();
      try {
        return await network.call(process, 'appsync', input.event, () => update(input));
      } catch (error) {
        throw new LedgerUnavailableError(`${input.event} got no answer`, { cause: error });
      }
    },
  });

  /** A field of the public API, resolved by the Lambda or the table. */
  const resolve = async (resolver: Resolver, owner: string, args: object): Promise<unknown> => {
    const ctx: Record<string, unknown> = {
      args,
      identity: { sub: owner.slice('user:'.length) },
      env: {},
      stash: {},
    };
    const request = resolver.request(ctx) as { payload?: HandlerRequest; key?: { id: string } };
    if (request.payload) {
      try {
        ctx.result = await invoke(request.payload);
      } catch (error) {
        ctx.error = { type: 'Lambda:Unhandled', message: String(error) };
      }
    } else {
      if (network.isAway('dynamodb')) throw new ServiceError('INTERNAL');
      ctx.result = table.get(request.key?.id ?? '') ?? null;
    }
    return shown(resolver.response(ctx) as Task | null);
  };

  /** Listed by the index, which is behind; each task as the table has it. */
  const firstPage = async (owner: string): Promise<Page> => {
    const ids = table.indexed().flatMap((row) => (row.owner === owner ? row.id : []));
    const tasks = await Promise.all(ids.map((id) => resolve(resolvers.task, owner, { id })));
    return { items: tasks as Task[], nextToken: null };
  };

  const transportOf = (process: SimulatedProcess, owner: string): Transport => {
    const ask = (operation: string, resolver: Resolver, args: object): Promise<unknown> =>
      askFor(operation, () => resolve(resolver, owner, args));
    const askFor = async <T>(operation: string, effect: () => Promise<T>): Promise<T> => {
      try {
        return await network.call(process, 'appsync', operation, effect);
      } catch (error) {
        if (error instanceof ResolverError) throw new ApiError(error.errorType ?? 'UNKNOWN', error.message);
        if (error instanceof ServiceError) throw new NetworkError(error.message);
        throw error;
      }
    };
    return {
      submit: (input) => ask('submitTask', resolvers.submitTask, { input }) as Promise<Task>,
      cancel: (id) => ask('cancelTask', resolvers.cancelTask, { id }) as Promise<Task>,
      retry: (id, newId) => ask('retryTask', resolvers.retryTask, { id, newId }) as Promise<Task>,
      get: (id) => ask('task', resolvers.task, { id }) as Promise<Task | null>,
      list: () => askFor('tasks', () => firstPage(owner)),
      models: () => Promise.resolve([]),
      queue: () => Promise.resolve(null),
      createUpload: () => Promise.reject(new Error('Nobody uploads here')),
      subscribe: (listener) => {
        const subscriber: Subscriber = { owner, listener, connection: 0, isConnected: false };
        subscribers.add(subscriber);
        connect(subscriber, random() * 300);
        return () => void subscribers.delete(subscriber);
      },
    };
  };

  const connect = (subscriber: Subscriber, afterMs: number): void => {
    scheduler.after(afterMs, () => {
      if (!subscribers.has(subscriber)) return;
      subscriber.isConnected = true;
      subscriber.listener.onStart();
    });
  };

  return {
    ledgerOf,
    transportOf,
    cut: () => {
      for (const subscriber of subscribers) {
        subscriber.isConnected = false;
        subscriber.connection += 1;
        connect(subscriber, RECONNECT_MS);
      }
    },
  };
};
