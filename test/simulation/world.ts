import { createHash } from 'node:crypto';
import { ApiError } from '../../client-sdk/src/errors.ts';
import type { SubmitTaskInput } from '../../client-sdk/src/index.ts';
import { createRetry as createPatience } from '../../client-sdk/src/retry.ts';
import type { Task } from '../../client-sdk/src/task.ts';
import { createTaskHandle } from '../../client-sdk/src/task-handle.ts';
import { createTaskHub, type TaskHub, type TaskWatch } from '../../client-sdk/src/task-hub.ts';
import type { Timers } from '../../client-sdk/src/timers.ts';
import type { Transport } from '../../client-sdk/src/transport.ts';
import { toTaskError } from '../../contract/errors.ts';
import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import {
  INLINE_REQUEST_BYTES,
  MAX_RECEIVE_COUNT,
  RECEIVED_VISIBILITY_SECONDS,
} from '../../contract/limits.ts';
import { createAccept } from '../../ledger/accept.ts';
import { createBury } from '../../ledger/dead-letters.ts';
import type { DueRows } from '../../ledger/due-rows.ts';
import { createReconcile } from '../../ledger/reconcile.ts';
import { createRing } from '../../ledger/ring.ts';
import type { TaskQueue } from '../../ledger/task-queue.ts';
import type { RequestStore } from '../../ledger/request-store.ts';
import { createRetryTask } from '../../ledger/retry-task.ts';
import type { TaskStore } from '../../ledger/task-store.ts';
import type { Ledger } from '../../ledger/update-task.ts';
import { createCancel } from '../../resolvers/task_handler/cancel.ts';
import { createRetry } from '../../resolvers/task_handler/retry.ts';
import { createSubmit } from '../../resolvers/task_handler/submit.ts';
import type { Backend } from '../../worker/backends/backend.ts';
import { createSdWebui } from '../../worker/backends/sd-webui/backend.ts';
import type { WebuiClient } from '../../worker/backends/sd-webui/client.ts';
import type { Logger } from '../../worker/logger.ts';
import type { ObjectStore } from '../../worker/object-store.ts';
import type { MessageQueue } from '../../worker/queue.ts';
import { startWorker, type Worker } from '../../worker/worker.ts';
import { createSimulatedAppSync, type Resolvers } from './appsync.ts';
import { checkSnapshot, createChecks, judge, type Violation } from './invariants.ts';
import { createNetwork, ServiceError, type SimulatedProcess } from './network.ts';
import { createSimulatedQueue } from './queue.ts';
import { createRandom, toUuid } from './random.ts';
import { SHORT_FINISH_SECONDS, type Scenario, type TaskPlan } from './scenario.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { createSimulatedTable } from './table.ts';
import { createSimulatedWebui, type SimulatedWebui } from './webui.ts';

/*
 * One history: the shipped code of the worker, task_handler, updateTask, the reconciler, the dead-letter consumer and the
 * SDK's watch, in processes that die, over simulated services, in virtual time. Long, since it is one composition of all of
 * them: each part is put together once, and knows of the others only what is passed here.
 */

/** Puts something else in a part's place, to see whether anybody notices. What is absent stays as it is. */
export interface Mutation {
  readonly resolvers?: (resolvers: Resolvers) => Resolvers;
  readonly putsOver?: boolean;
  readonly store?: (store: TaskStore, scheduler: Scheduler) => TaskStore;
  readonly sender?: (queue: TaskQueue) => TaskQueue;
  readonly due?: (due: DueRows, statusOf: (id: string) => string | undefined) => DueRows;
  readonly workerLedger?: (ledger: Ledger) => Ledger;
  readonly receiver?: (queue: MessageQueue) => MessageQueue;
  readonly objects?: (objects: ObjectStore, scheduler: Scheduler) => ObjectStore;
  readonly webui?: (client: WebuiClient) => WebuiClient;
  readonly backend?: (backend: Backend) => Backend;
  readonly transport?: (transport: Transport) => Transport;
  readonly createHub?: typeof createTaskHub;
  readonly buryLedger?: (ledger: Ledger) => Ledger;
}

export interface History {
  readonly violations: readonly Violation[];
  /** Readable; empty unless asked for. */
  readonly timeline: readonly string[];
  readonly injected: Readonly<Record<string, number>>;
  /** States that tasks ended in, and events that were accepted, `claim: QUEUED → RUNNING`. */
  readonly ends: readonly string[];
  readonly transitions: readonly string[];
  readonly calls: number;
  readonly virtualMs: number;
}

export interface RunOptions {
  readonly resolvers: Resolvers;
  /** The resolvers' clock, which the handlers' module reads. */
  readonly setNow: (clock: () => number) => void;
  readonly mutation?: Mutation;
  readonly withTimeline?: boolean;
}

/** The resolvers' time: some day, and each call's own idea of it. */
const EPOCH = Date.UTC(2026, 0, 1);
const SKEW_MS = 400;
/** After this no fault comes any more … */
const CALM_MS = 100_000;
/** … and every task must end, without the help of a message that is sent anew only after a quarter of an hour. */
const PATIENCE_MS = 14 * 60_000;
/** Unless messages die early, with tasks in work: those tasks are rung for after 15 and 30 minutes. */
const PATIENCE_WITHOUT_MESSAGES_MS = 100 * 60_000;
/** A WebUI that hangs is noticed after some minutes, and may hang three times. */
const PATIENCE_PER_HANG_MS = 12 * 60_000;
const RECONCILE_MS = 60_000;
/** A beat's answer and an interrupt, each as slow as they get. */
const HEED_MS = 20_000;

/** Whose attempt a WebUI works on. */
interface Holding {
  process?: SimulatedProcess;
  leaseToken?: string | undefined;
}

interface Running {
  readonly worker: Worker;
  readonly process: SimulatedProcess;
}

interface Watching {
  readonly id: string;
  readonly process: SimulatedProcess;
  /** What `result()` came to. */
  outcome?: { readonly status: string };
}

export const runHistory = async (scenario: Scenario, options: RunOptions): Promise<History> => {
  const { setNow, mutation = {}, withTimeline = false } = options;
  const resolvers = mutation.resolvers?.(options.resolvers) ?? options.resolvers;
  const scheduler = createScheduler();
  const random = createRandom(scenario.seed);
  const timeline: string[] = [];
  const note = (who: string, what: string): void => {
    if (withTimeline)
      timeline.push(`${(scheduler.now() / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(14)} ${what}`);
  };
  setNow(() => Math.round(EPOCH + scheduler.now() + (random() - 0.5) * 2 * SKEW_MS));

  const network = createNetwork(scheduler, scenario, note);
  const objects = new Map<string, string>();
  const plans = new Map<string, { readonly plan: TaskPlan; readonly index: number }>();
  const seedOf = (id: string): number => 10 * (plans.get(id)?.index ?? 0) + 1;
  const checks = createChecks(seedOf, (key) => objects.get(key));
  const { fail } = checks;
  const ends = new Set<string>();
  const transitions = new Set<string>();

  const table = createSimulatedTable({
    scheduler,
    network,
    random,
    putsOver: mutation.putsOver ?? false,
    onWrite: (after, before) => {
      lastBefore = before;
      if (after.version === 1) checks.onPut(after, before);
    },
  });
  let lastBefore: ReturnType<typeof table.get>;
  const queue = createSimulatedQueue({
    scheduler,
    network,
    random,
    visibilitySeconds: RECEIVED_VISIBILITY_SECONDS,
    maxReceiveCount: scenario.maxReceiveCount,
  });

  /** When a worker was told that its attempt counts no more, by the task; and what its WebUI does then. */
  const refusedAt = new Map<string, number>();

  const appsync = createSimulatedAppSync({
    scheduler,
    network,
    random,
    resolvers,
    table,
    invoke: (request) => invokeHandler(request),
    onEvent: (input, verdict, row) => {
      const { id, event } = input;
      const label = nameOf(id);
      if (verdict.accepted && row && lastBefore) {
        checks.onChange(input, row, lastBefore, EPOCH + scheduler.now());
        transitions.add(`${event}: ${lastBefore.status} → ${row.status}`);
        note(
          'updateTask',
          `${label} ${event}: ${lastBefore.status} → ${row.status}, attempt ${row.attempt}, version ${row.version}`,
        );
      } else if (verdict.accepted) note('updateTask', `${label} ${event}: was so already`);
      else note('updateTask', `${label} ${event}: ${verdict.code} (${verdict.info?.status ?? '-'})`);
      const isOver = !verdict.accepted || verdict.task.status === 'CANCELING';
      if (event === 'beat' && isOver && input.leaseToken) refusedAt.set(input.leaseToken, scheduler.now());
    },
  });
  const nameOf = (id: string): string => `#${plans.get(id)?.index ?? '?'}`;

  // Lambda: each invocation a process of its own, which may die.
  let processes = 0;
  const startProcess = (kind: string): SimulatedProcess =>
    network.startProcess(`${kind}-${(processes += 1)}`);
  const quiet: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => quiet,
  };
  const loggerOf = ({ name }: SimulatedProcess): Logger => {
    if (!withTimeline) return quiet;
    const say = (message: string, fields: object = {}): void =>
      note(name, `${message} ${JSON.stringify(fields)}`);
    const logger: Logger = { debug: say, info: say, warn: say, error: say, child: () => logger };
    return logger;
  };

  const storeOf = (process: SimulatedProcess): TaskStore => {
    const store = table.storeOf(process);
    return mutation.store?.(store, scheduler) ?? store;
  };
  const senderOf = (process: SimulatedProcess): TaskQueue => {
    const sender = queue.senderOf(process);
    return mutation.sender?.(sender) ?? sender;
  };
  const putObject = (process: SimulatedProcess, key: string, bytes: Buffer | string): Promise<string> =>
    network.call(process, 's3', 'put', () => {
      const sha = createHash('sha256').update(bytes).digest('hex');
      objects.set(key, sha);
      if (typeof bytes === 'string') requests.set(key, bytes);
      return sha;
    });
  const requests = new Map<string, string>();
  const requestsOf = (process: SimulatedProcess): RequestStore => ({
    put: async (key, json) => void (await putObject(process, key, json)),
    copy: async (from, to) => void (await putObject(process, to, requests.get(from) ?? '')),
  });

  const invokeHandler = async (request: HandlerRequest): Promise<HandlerAnswer> => {
    const process = startProcess('handler');
    const ledger = appsync.ledgerOf(process);
    const tasks = storeOf(process);
    const ring = createRing({ ledger, queue: senderOf(process), warn: loggerOf(process).warn });
    const died = new Promise<never>((_resolve, reject) => {
      process.onDeath(() => reject(new Error('Runtime exited')));
    });
    const handle = (): Promise<HandlerAnswer> => {
      if (request.field === 'submitTask') {
        const submit = createSubmit({
          accept: createAccept({ tasks, ring }),
          requests: requestsOf(process),
          pools: [],
          randomSeed: () => 0,
          randomId: () => toUuid(random),
        });
        return submit(request);
      }
      if (request.field === 'cancelTask') return createCancel({ tasks, ledger })(request);
      if (request.field === 'createUpload') throw new Error('Nobody uploads here');
      const retryTask = createRetryTask({
        tasks,
        pools: [],
        requests: requestsOf(process),
        accept: createAccept({ tasks, ring }),
      });
      return createRetry({ retryTask, randomId: () => toUuid(random) })(request);
    };
    try {
      return await Promise.race([handle(), died]);
    } finally {
      process.kill();
    }
  };

  const reconcile = (): void => {
    const process = startProcess('reconciler');
    const due = table.dueOf(process);
    const ledger = appsync.ledgerOf(process);
    const pass = createReconcile({
      due: mutation.due?.(due, (id) => table.get(id)?.status) ?? due,
      tasks: storeOf(process),
      ring: createRing({ ledger, queue: senderOf(process), warn: loggerOf(process).warn }),
      ledger,
      clock: () => EPOCH + scheduler.now() + (random() - 0.5) * 2 * SKEW_MS,
      logger: loggerOf(process),
    });
    pass(new AbortController().signal).then(process.kill, (error: unknown) => {
      fail('no error that nobody expected', `reconciler: ${String(error)}`);
    });
    scheduler.after(RECONCILE_MS, reconcile);
  };

  const bury = (): void => {
    const letter = queue.takeDead();
    if (letter) {
      const process = startProcess('dead-letters');
      process.onDeath(letter.putBack);
      const ledger = appsync.ledgerOf(process);
      const run = createBury({ ledger: mutation.buryLedger?.(ledger) ?? ledger, logger: loggerOf(process) });
      void run([{ messageId: 'm', body: letter.body }]).then((again) => {
        if (again.length > 0) letter.putBack();
      });
    }
    scheduler.after(20_000, bury);
  };

  // Instances: a worker beside a WebUI; a worker that ends is replaced, on the same instance or on another.
  let generations = 0;
  const webuiFaults = new Map(scenario.webuiFaults.map(({ generation, kind }) => [generation, kind]));
  const workers = new Set<Running>();

  const startWebui = (): { readonly webui: SimulatedWebui; holds: Holding } => {
    const holds: Holding = {};
    const webui = createSimulatedWebui({
      scheduler,
      network,
      nextFault: () => {
        const fault = scheduler.now() < CALM_MS ? webuiFaults.get(generations) : undefined;
        generations += 1;
        if (fault) network.count(`webui-${fault}`);
        return fault;
      },
      onOverlap: (prompt) => fail('one job at a time', `"${prompt}" was posted while another job ran`),
      onJob: (prompt, what) => {
        note('webui', `"${prompt.slice(0, 24)}" ${what}`);
        // Whoever is dead heeds nothing.
        const refused = holds.process?.isAlive() ? refusedAt.get(holds.leaseToken ?? '') : undefined;
        if (what === 'ends' && refused !== undefined && scheduler.now() - refused > HEED_MS)
          fail('heeds cancel and the loss of its lease', `"${prompt}" was finished for nobody`);
      },
    });
    return { webui, holds };
  };

  const startInstance = (index: number, reused?: ReturnType<typeof startWebui>): void => {
    const instance = reused ?? startWebui();
    const { webui, holds } = instance;
    const process = network.startProcess(`worker-${index}.${(processes += 1)}`, scenario.workers[index]);
    const ledger = appsync.ledgerOf(process);
    const client = webui.clientOf(process);
    const receiver = queue.receiverOf(process);
    const store: ObjectStore = {
      putImage: (key, bytes) =>
        putObject(process, key, bytes).catch((error: unknown) => {
          throw toTaskError(error, 'STORAGE_ERROR');
        }),
      getUpload: () => Promise.resolve(undefined),
      getRequest: async (key) => {
        try {
          return await network.call(process, 's3', 'get', () => requests.get(key) ?? '');
        } catch (error) {
          throw toTaskError(error, 'STORAGE_ERROR');
        }
      },
    };
    const backend = createSdWebui({
      client: mutation.webui?.(client) ?? client,
      clock: process.clock,
      random,
      onWaiting: () => undefined,
    });
    const holder: { running?: Running } = {};
    process.onDeath(() => {
      if (holder.running) workers.delete(holder.running);
      note(process.name, 'is dead');
      const isSameInstance = random() < 0.5;
      scheduler.after(3000 + random() * 15_000, () =>
        startInstance(index, isSameInstance ? instance : undefined),
      );
    });
    const worker = startWorker({
      workerId: process.name,
      queue: mutation.receiver?.(receiver) ?? receiver,
      ledger: mutation.workerLedger?.(ledger) ?? ledger,
      objects: mutation.objects?.(store, scheduler) ?? store,
      backend: mutation.backend?.(backend) ?? backend,
      restartWebui: () => network.call(process, 'webui', 'restart', () => webui.restart()),
      clock: process.clock,
      random,
      randomId: () => toUuid(random),
      randomNonce: () => toUuid(random).replaceAll('-', ''),
      observe: (news) => {
        if (news.kind !== 'job:started') return;
        holds.process = process;
        holds.leaseToken = table.get(news.taskId)?.leaseToken;
      },
      logger: loggerOf(process),
    });
    holder.running = { worker, process };
    workers.add(holder.running);
  };

  // People.
  const watchings: Watching[] = [];
  let busy = scenario.tasks.length;
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve));

  const transportOf = (process: SimulatedProcess, owner: string): Transport => {
    const transport = appsync.transportOf(process, owner);
    return mutation.transport?.(transport) ?? transport;
  };

  const timersOf = (process?: SimulatedProcess): Timers => ({
    setTimeout: (run, ms) => scheduler.after(ms, () => process?.isAlive() !== false && run()),
    clearTimeout: (cancel: (() => void) | undefined) => cancel?.(),
    now: scheduler.now,
  });

  /** Each owner's page, with all of its tasks; one that dies is opened again by the next task. */
  interface Page {
    readonly process: SimulatedProcess;
    readonly transport: Transport;
    readonly hub: TaskHub;
  }
  const pages = new Map<string, Page>();
  const pageOf = (owner: string): Page => {
    const open = pages.get(owner);
    if (open?.process.isAlive()) return open;
    const process = startProcess('client');
    const transport = transportOf(process, owner);
    const hub = (mutation.createHub ?? createTaskHub)({ transport, timers: timersOf(process), random });
    const page: Page = { process, transport, hub };
    pages.set(owner, page);
    return page;
  };

  /** What the SDK does around every call; undefined where it gave up. */
  const retried = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await createPatience({ timers: timersOf(undefined), random })(call);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return undefined;
    }
  };

  const startWatching = (id: string, { process, transport, hub }: Page, owner: string): TaskWatch => {
    const watch = hub.watch(id, { isPending: true });
    let last: Task | undefined;
    watch.listen({
      onTask: (task) => {
        checkSnapshot(task, last, owner, fail);
        last = task;
      },
      onError: () => undefined,
    });
    const watching: Watching = { id, process };
    watchings.push(watching);
    createTaskHandle({ id, api: transport, hub, watch })
      .result()
      .then(
        ({ status }) => (watching.outcome = { status }),
        (error: { task?: Task }) => (watching.outcome = { status: error.task?.status ?? String(error) }),
      );
    return watch;
  };

  const play = async (plan: TaskPlan, index: number): Promise<void> => {
    await sleep(plan.submitAtMs);
    const owner = `user:${plan.owner}`;
    const id = toUuid(random);
    plans.set(id, { plan, index });
    const page = pageOf(owner);
    const { transport } = page;
    const watch = startWatching(id, page, owner);
    const input = toInput(plan, index, id);
    const later = [
      act(plan.submitAgainAfterMs, () => retried(() => transport.submit(input))),
      act(plan.cancelAfterMs, () => retried(() => transport.cancel(id))),
      act(plan.foreignCancelAfterMs, async () => {
        const stranger = transportOf(startProcess('stranger'), 'user:eve');
        const task = await retried(() => stranger.cancel(id));
        const seen = await retried(() => stranger.get(id));
        if (task || seen) fail('owners apart', `eve was shown ${nameOf(id)}`);
      }),
      act(plan.retryAfterMs, async () => {
        const newId = toUuid(random);
        plans.set(newId, { plan, index });
        const again = startWatching(newId, page, owner);
        const task = await retried(() => transport.retry(id, newId));
        if (task) again.merge(task);
        const isEarly = task && !TERMINAL.has(table.get(id)?.status ?? '');
        if (isEarly) fail('one task for one id', `${nameOf(id)} was tried again before it had ended`);
      }),
    ];
    const accepted = await retried(() => transport.submit(input));
    if (accepted) {
      watch.merge(accepted);
      if (!table.get(id)) fail('accepted is stored', `${nameOf(id)} was accepted without a row`);
    }
    await Promise.all(later);
  };
  const act = async (afterMs: number | null, run: () => Promise<unknown>): Promise<void> => {
    if (afterMs === null) return;
    await sleep(afterMs);
    await run();
  };

  for (const [index] of scenario.workers.entries()) startInstance(index);
  scheduler.after(RECONCILE_MS / 2, reconcile);
  scheduler.after(10_000, bury);
  scheduler.after(CALM_MS, network.calm);
  for (const at of scenario.cutsAtMs) scheduler.after(at, appsync.cut);
  for (const at of scenario.drainsAtMs) {
    scheduler.after(at, () => {
      const [leaving] = workers;
      if (!leaving) return;
      note(leaving.process.name, 'is told to go');
      void leaving.worker.drain({ reason: 'test', withinMs: 10_000 }).then(leaving.process.kill);
    });
  }
  for (const [index, plan] of scenario.tasks.entries()) {
    play(plan, index).then(
      () => (busy -= 1),
      (error: unknown) => {
        busy -= 1;
        if (!(error instanceof ServiceError))
          fail('no error that nobody expected', `client: ${(error as Error).stack}`);
      },
    );
    // A client that dies does nothing more; what it has submitted goes on.
    scheduler.after(CALM_MS, () => (busy = 0));
  }

  const isSettled = ({ id, process, outcome }: Watching): boolean =>
    outcome !== undefined || !process.isAlive() || table.get(id) === undefined;
  const isOver = (): boolean =>
    checks.violations.length > 0 ||
    (busy <= 0 && table.rows().every(({ status }) => TERMINAL.has(status)) && watchings.every(isSettled));
  const hangs = scenario.tasks.filter(({ fault }) => fault === 'hang').length + scenario.webuiFaults.length;
  const mayBeUndeliverable = scenario.maxReceiveCount < MAX_RECEIVE_COUNT;
  const patienceMs = mayBeUndeliverable ? PATIENCE_WITHOUT_MESSAGES_MS : PATIENCE_MS;
  const untilMs = CALM_MS + patienceMs + hangs * PATIENCE_PER_HANG_MS;
  await scheduler.run(untilMs, isOver);

  for (const row of table.rows()) {
    ends.add(row.status);
    const plan = plans.get(row.id)?.plan;
    if (!TERMINAL.has(row.status)) {
      if (checks.violations.length === 0)
        fail('every task ends in time', `${nameOf(row.id)} is ${row.status}`);
    } else
      judge(row, plan?.fault ?? 'none', fail, {
        hadDeadline: plan?.finishWithinSeconds === SHORT_FINISH_SECONDS,
        mayBeUndeliverable,
      });
  }
  for (const { id, process, outcome } of watchings) {
    const row = table.get(id);
    if (!row || !process.isAlive() || checks.violations.length > 0) continue;
    if (outcome === undefined) fail('every watcher learns of it', `who watches ${nameOf(id)} waits for ever`);
    else if (outcome.status !== row.status)
      fail(
        'every watcher learns of it',
        `${nameOf(id)} is ${row.status}, its watcher was told ${outcome.status}`,
      );
  }
  return {
    violations: checks.violations,
    timeline,
    injected: network.injected,
    ends: [...ends],
    transitions: [...transitions],
    calls: network.calls(),
    virtualMs: scheduler.now(),
  };
};

const TERMINAL = new Set<string>(['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED']);

const toInput = (plan: TaskPlan, index: number, id: string): SubmitTaskInput => ({
  id,
  txt2img: {
    prompt: `#${index} work=${plan.workMs} fault=${plan.fault}`,
    // Makes the request too large for a row.
    ...(plan.isLarge && { negativePrompt: 'é'.repeat(INLINE_REQUEST_BYTES / 2 - 100) }),
    width: 64,
    height: 64,
    steps: 20,
    seed: 10 * index + 1,
    batchSize: plan.batchSize,
    ...(plan.fault === 'unknown-model' && { model: 'nope' }),
    ...(plan.fault === 'wrong-model' && { model: 'm' }),
  },
  startWithinSeconds: plan.startWithinSeconds,
  finishWithinSeconds: plan.finishWithinSeconds,
});
