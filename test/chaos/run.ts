import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type Client } from '../../client-sdk/src/index.ts';
import { TERMINAL_STATUSES } from '../../contract/task.ts';
import { startLocalStack, type LocalStack } from '../../local/stack.ts';
import { startCrowd, type Crowd } from './crowd.ts';
import { listAll, readDeadLetters, readObjects, readRows, type Evidence } from './evidence.ts';
import { createHistory } from './history.ts';
import { startOnlookers } from './onlookers.ts';
import { drawExpected } from './pictures.ts';
import { watchProcesses } from './processes.ts';
import { toReport, type Report } from './report.ts';
import { startWeather, WEATHER_KINDS, type WeatherKind } from './weather.ts';
import { OWNERS, planTasks } from './workload.ts';

/*
 * One run: a stack with real processes, users who submit through the SDK, onlookers, and weather. When most tasks have ended
 * the weather ends too, and the system must bring the others to their end by itself. Then everything is read, and held
 * against what was promised.
 */

export interface ChaosOptions {
  readonly tasks: number;
  readonly instances: number;
  readonly seed: number;
  /** What goes wrong; everything unless told. */
  readonly kinds?: readonly WeatherKind[];
  /** The faults end when every kind was met and that share of the tasks has ended: two thirds unless told … */
  readonly shareEnded?: number;
  /** … and after that time whatever has happened by then. */
  readonly chaosMs?: number;
  /** Once the faults have ended, runs the template's schedules that often instead of waiting for their time. */
  readonly tickMs?: number;
  /** How long everything may take to come to rest after the faults; 7 minutes unless told. */
  readonly patienceMs?: number;
  /** Whether messages must be gone that are hidden from everybody, for up to a minute; yes unless told. */
  readonly waitForHidden?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly log?: (source: string, line: string) => void;
}

export interface Progress {
  readonly phase: 'faults' | 'recovery' | 'checks';
  readonly submitted: number;
  readonly ended: number;
  readonly tasks: number;
  /** What went wrong just now. */
  readonly strike: string | undefined;
}

/** Enough for a queue before each of them. */
const USERS_OF_EACH_INSTANCE = 10;
const LOOK_MS = 250;

export const runChaos = async (options: ChaosOptions): Promise<Report> => {
  const { instances, seed, log } = options;
  const stack = await startLocalStack({
    instances,
    webui: { arguments: ['--profile', 'demo', '--allow-fault-markers'] },
    faultSeed: seed,
    ...(log && { log }),
  });
  const processes = watchProcesses(stack);
  try {
    const { evidence, faults, phases } = await runOn(stack, options);
    processes.stop();
    await stack.stop();
    return toReport({ ...evidence, survivors: processes.alive() }, { seed, instances, faults, phases });
  } finally {
    processes.stop();
    await stack.stop();
  }
};

const runOn = async (stack: LocalStack, options: ChaosOptions) => {
  const { instances, seed, kinds = WEATHER_KINDS, chaosMs = Infinity, tickMs, onProgress } = options;
  const { shareEnded = 2 / 3, patienceMs = 420_000, waitForHidden = true } = options;
  const beganAt = Date.now();
  const now = (): number => Date.now() - beganAt;
  const clients = toClients(stack);
  const clientOf = (owner: string): Client => clients.get(owner) ?? nobody(owner);
  const history = createHistory(now);
  const planned = planTasks(options.tasks, seed);
  let phase: Progress['phase'] = 'faults';

  const crowd: Crowd = startCrowd({
    tasks: planned,
    users: instances * USERS_OF_EACH_INSTANCE,
    ...{ clientOf, history, onProgress: () => tell() },
  });
  const tell = (strike?: string): void => {
    const counts = { submitted: crowd.submitted(), ended: crowd.ended() };
    onProgress?.({ phase, ...counts, tasks: planned.length, strike });
  };
  const onlookers = startOnlookers({ stack, clientOf, history, tasks: planned, seed });
  const weather = startWeather({ stack, instances, kinds, seed, onStrike: tell });
  const isEnough = (): boolean =>
    crowd.submitted() >= planned.length &&
    crowd.ended() >= planned.length * shareEnded &&
    kinds.every((kind) => (weather.counts()[kind] ?? 0) > 0);
  await until(isEnough, chaosMs);
  await weather.stop();

  const faultsEndedAtMs = now();
  const leftMs = (): number => Math.max(0, faultsEndedAtMs + patienceMs - now());
  phase = 'recovery';
  tell();
  const ticking = startTicking(stack, tickMs);
  await settlesWithin(crowd.settled, leftMs());
  crowd.giveUp();
  const lives = await crowd.settled;
  const tasks = crowd.begun();
  await untilAllEnded(
    stack,
    tasks.map(({ id }) => id),
    leftMs(),
  );
  await until(() => isQueueEmpty(stack, waitForHidden), leftMs());
  await ticking.stop();
  await onlookers.stop();

  phase = 'checks';
  tell();
  const rows = await readRows(
    stack,
    tasks.map(({ id }) => id),
  );
  const succeeded = tasks.filter(({ id }) => rows.get(id)?.status === 'SUCCEEDED');
  const { visible, inFlight } = await stack.inspect.queue();
  const evidence: Omit<Evidence, 'survivors'> = {
    ...{ tasks, lives, rows, sightings: history.all() },
    listed: await listOfEach(clients),
    objects: await readObjects(stack, rows),
    expected: await drawExpected(succeeded),
    queue: { visible, inFlight: waitForHidden ? inFlight : 0 },
    deadLetters: await readDeadLetters(stack),
  };
  return { evidence, faults: weather.counts(), phases: { beganAt, faultsEndedAtMs } };
};

const toClients = (stack: LocalStack): ReadonlyMap<string, Client> =>
  new Map(
    OWNERS.map((sub) => [
      sub,
      createClient({ endpoint: stack.urls.graphql, auth: { token: () => stack.token({ sub }) } }),
    ]),
  );

const nobody = (owner: string): never => {
  throw new Error(`${owner} is no user of this run`);
};

const listOfEach = async (
  clients: ReadonlyMap<string, Client>,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const lists = new Map<string, readonly string[]>();
  for (const [owner, client] of clients)
    lists.set(
      owner,
      (await listAll(client)).map(({ id }) => id),
    );
  return lists;
};

const isQueueEmpty = async (stack: LocalStack, waitForHidden: boolean): Promise<boolean> => {
  const { visible, inFlight } = await stack.inspect.queue();
  return visible === 0 && (inFlight === 0 || !waitForHidden);
};

const untilAllEnded = async (stack: LocalStack, ids: readonly string[], ms: number): Promise<void> => {
  const alive = new Set(ids);
  const look = async (): Promise<boolean> => {
    const rows = await readRows(stack, [...alive]);
    // One that was never accepted has no row.
    for (const id of alive) {
      const row = rows.get(id);
      if (!row || TERMINAL_STATUSES.includes(row.status)) alive.delete(id);
    }
    return alive.size === 0;
  };
  await until(look, ms);
};

const startTicking = (stack: LocalStack, tickMs: number | undefined) => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const tick = async (ms: number): Promise<void> => {
    while (!signal.aborted) {
      await stack.tick();
      await delay(ms, undefined, { signal }).catch(() => undefined);
    }
  };
  const ticking = tickMs === undefined ? Promise.resolve() : tick(tickMs);
  return {
    stop: (): Promise<void> => {
      stopping.abort();
      return ticking;
    },
  };
};

/** Looks again and again; resolves when it is so, or after that time. */
const until = async (isSo: () => boolean | Promise<boolean>, ms: number): Promise<void> => {
  const endsAt = performance.now() + ms;
  while (!(await isSo()) && performance.now() < endsAt) await delay(LOOK_MS);
};

const settlesWithin = async (promise: Promise<unknown>, ms: number): Promise<void> => {
  const settled = new AbortController();
  const over = delay(ms, undefined, { signal: settled.signal }).catch(() => undefined);
  await Promise.race([promise, over]);
  settled.abort();
};
