import type { Task } from '../../client-sdk/src/task.ts';
import type { TaskHub, TaskWatch, WatchListener } from '../../client-sdk/src/task-hub.ts';
import type { Verdict } from '../../ledger/update-task.ts';
import type { Resolver } from './appsync.ts';
import type { UpdateRequest } from './table.ts';
import type { Mutation } from './world.ts';

/*
 * Bugs, each put in place of one part. A simulation that does not notice them would not notice ours either.
 */

export interface Mutant {
  readonly name: string;
  readonly mutation: Mutation;
}

/** Changes the UpdateItem that `updateTask` asks for. */
const updateItem = (change: (request: UpdateRequest, event: string) => UpdateRequest): Mutation => ({
  resolvers: (resolvers) => {
    const { updateTask } = resolvers;
    const mutated: Resolver = {
      ...updateTask,
      request: (ctx) => {
        const { event } = (ctx as { args: { input: { event: string } } }).args.input;
        return change(updateTask.request(ctx) as UpdateRequest, event);
      },
    };
    return { ...resolvers, updateTask: mutated };
  },
});

/** Drops what matches from an event's condition. */
const withoutCondition = (events: readonly string[], clause: RegExp): Mutation =>
  updateItem((request, event) => {
    if (!events.includes(event)) return request;
    const kept = request.condition.expression.split(' AND ').filter((part) => !clause.test(part));
    return { ...request, condition: { ...request.condition, expression: kept.join(' AND ') } };
  });

const LEASED = ['beat', 'succeed', 'fail', 'retry', 'release', 'canceled'];

/** The worker believes that the event was taken, whatever was answered. */
const pretend = (verdict: Verdict, task: object): Verdict =>
  verdict.accepted ? verdict : { accepted: true, task: { ...task, status: 'RUNNING' } as never };

export const MUTANTS: readonly Mutant[] = [
  { name: 'no attempt and no token is checked', mutation: withoutCondition(LEASED, /attempt|leaseToken/) },
  {
    name: 'report before store',
    mutation: {
      objects: (objects, scheduler) => ({
        ...objects,
        putImage: async (key, bytes, contentType) => {
          scheduler.after(3000, () => void objects.putImage(key, bytes, contentType).catch(() => undefined));
          const { createHash } = await import('node:crypto');
          return createHash('sha256').update(bytes).digest('hex');
        },
      }),
    },
  },
  {
    name: 'delete before report',
    mutation: {
      receiver: (queue) => ({
        receive: async (signal) => {
          const message = await queue.receive(signal);
          await message?.acknowledge();
          return message;
        },
      }),
    },
  },
  { name: 'unconditional put', mutation: { putsOver: true } },
  {
    name: 'heartbeat ignores cancel and loss',
    mutation: {
      workerLedger: (ledger) => ({
        tell: async (input, signal) => {
          const verdict = await ledger.tell(input, signal);
          if (input.event !== 'beat') return verdict;
          return pretend(
            verdict.accepted ? { ...verdict, task: { ...verdict.task, status: 'RUNNING' } } : verdict,
            {},
          );
        },
      }),
    },
  },
  {
    name: 'reconciler forgets CANCELING',
    mutation: {
      due: (due, statusOf) =>
        async function* (shard, now) {
          for await (const page of due(shard, now)) yield page.filter((id) => statusOf(id) !== 'CANCELING');
        },
    },
  },
  {
    name: 'reconciler forgets QUEUED',
    mutation: {
      due: (due, statusOf) =>
        async function* (shard, now) {
          for await (const page of due(shard, now)) yield page.filter((id) => statusOf(id) !== 'QUEUED');
        },
    },
  },
  {
    name: 'reconciler never runs',
    mutation: {
      due: () =>
        async function* () {
          yield [];
        },
    },
  },
  {
    name: 'send before put',
    mutation: {
      store: (store, scheduler) => ({
        ...store,
        create: (row) => {
          scheduler.after(4000, () => void store.create(row).catch(() => undefined));
          return Promise.resolve('created');
        },
      }),
    },
  },
  {
    name: 'success after a cancel',
    mutation: updateItem((request, event) =>
      event === 'succeed'
        ? {
            ...request,
            condition: {
              ...request.condition,
              expression: `(${request.condition.expression}) OR #if_status = :canceling`,
              expressionValues: { ...request.condition.expressionValues, ':canceling': 'CANCELING' },
            },
          }
        : request,
    ),
  },
  { name: 'takeover of a live lease', mutation: withoutCondition(['requeue', 'takeover'], /leaseUntil/) },
  { name: 'retries without end', mutation: withoutCondition(['retry', 'requeue', 'takeover'], /failures/) },
  { name: 'anybody may cancel', mutation: withoutCondition(['cancelQueued', 'cancelRunning'], /owner/) },
  { name: 'any dead message ends its task', mutation: withoutCondition(['dead'], /dispatch/) },
  { name: 'version does not grow', mutation: updateItem(withoutVersion) },
  {
    name: 'the WebUI is taken for idle',
    mutation: {
      webui: (client) => ({
        ...client,
        get: async (path) => {
          const response = await client.get(path);
          if (!path.startsWith('/sdapi/v1/progress')) return response;
          const body = response.body as { state: object };
          return { ...response, body: { ...body, state: { ...body.state, job_count: 0 } } };
        },
      }),
    },
  },
  {
    name: 'the watch does not ask after a reconnect, nor when it is silent',
    mutation: {
      transport: (transport) => ({
        ...transport,
        get: () => Promise.resolve(null),
        list: () => Promise.resolve({ items: [], nextToken: null }),
      }),
    },
  },
  { name: 'the watch takes whatever comes last', mutation: { createHub: createCarelessHub } },
];

function withoutVersion(request: UpdateRequest): UpdateRequest {
  const expression = request.update.expression.replace('#version = #version + :one, ', '');
  return { ...request, update: { ...request.update, expression } };
}

/** Watches without a memory. */
function createCarelessHub(...[{ transport }]: Parameters<NonNullable<Mutation['createHub']>>): TaskHub {
  const watch = (id: string): TaskWatch => {
    const listeners = new Set<WatchListener>();
    let latest: ReturnType<TaskWatch['latest']>;
    const merge: TaskWatch['merge'] = (task) => {
      latest = task;
      for (const { onTask } of [...listeners]) onTask(task);
    };
    const query = (): void =>
      void transport.get(id).then(
        (task) => task && merge(task),
        () => undefined,
      );
    transport.subscribe({
      onEvent: (task) => task?.id === id && merge(task as Task),
      onStart: query,
      onError: () => undefined,
    });
    return {
      latest: () => latest,
      failure: () => undefined,
      merge,
      listen: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      close: () => undefined,
    };
  };
  return { watch, refresh: () => undefined, close: () => undefined };
}
