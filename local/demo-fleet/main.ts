import { createLogUpdate } from 'log-update';
import { parseArgs } from 'node:util';
import { createClient, type Task, type TaskHandle } from '../../client-sdk/src/index.ts';
import type { FleetDecision, Queue } from '../../contract/schema.generated.ts';
import { startLocalStack, type LocalStack } from '../stack.ts';
import { createAccount } from './account.ts';
import { toClock, toScreen, type Moment } from './screen.ts';
import { toWorkload } from './workload.ts';

const HELP = `Sends a burst of tasks to a fleet of nobody and shows what becomes of both: instances come, one is taken back by EC2, one
dies, nothing is lost, and in the end nobody is there any more.

  npm run demo:fleet -- [options]

  --tasks N        60 unless told
  --max N          instances at most, 4 unless told
  --target N       seconds that a task may wait for a GPU, 15 unless told
  --boot N         seconds that an instance needs to boot, 8 unless told
  --idle N         seconds that the last instance stays with nothing to do, 10 unless told
  --price N        dollars for an hour of one instance, 1.006 unless told: g5.xlarge in us-east-1
  --calm           nothing goes wrong
  --seed N         of the sizes, 1 unless told
  --verbose        what the parts of the system print, on standard error
  --help

The fleet is looked at every 5 seconds here, and once a minute where it is deployed.
`;

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '60' },
    max: { type: 'string', default: '4' },
    target: { type: 'string', default: '15' },
    boot: { type: 'string', default: '8' },
    idle: { type: 'string', default: '10' },
    price: { type: 'string', default: '1.006' },
    calm: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const toNumber = (name: 'tasks' | 'max' | 'target' | 'boot' | 'idle' | 'price' | 'seed', least: number) => {
  const number = Number(values[name]);
  if (values[name].trim() !== '' && number >= least) return number;
  throw new Error(`--${name} must be a number from ${least}, not "${values[name]}"`);
};

const PASS_MS = 5000;
const FRAME_MS = 500;
/** Share of the tasks that are done when EC2 takes an instance back, and when another one dies. */
const SPOT_AT = 0.25;
const DEATH_AT = 0.5;
const SPOT_NOTICE_MS = 15_000;
const AT_ONCE = 4;

const DECISIONS = '{ fleetDecisions(limit: 100) { items { at desired cause reason notes } } }';
const QUEUE =
  '{ queue { gpuSeconds newTaskStartsInSeconds instances { desired min max booting ready busy draining } members { id state } } }';

type SeenDecision = Pick<FleetDecision, 'at' | 'desired' | 'cause' | 'reason' | 'notes'>;
type SeenQueue = Pick<Queue, 'gpuSeconds' | 'newTaskStartsInSeconds' | 'instances' | 'members'>;

/** As an administrator asks: a member of the user pool's group `admin`. */
const createAsk = (stack: LocalStack) => {
  const token = stack.token({ sub: 'operator', groups: ['admin'] });
  return async <T>(query: string): Promise<T> => {
    const response = await fetch(stack.urls.graphql, {
      method: 'POST',
      headers: { authorization: await token, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await response.json()) as { data?: T | null; errors?: { message: string }[] };
    if (!data || errors?.[0]) throw new Error(errors?.[0]?.message ?? `HTTP ${response.status}`);
    return data;
  };
};

/** Submits all at once, and counts what becomes of them. */
const startTasks = (stack: LocalStack, count: number, seed: number) => {
  const client = createClient({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });
  const latest = new Map<number, Task>();
  const follow = async (index: number, handle: TaskHandle): Promise<void> => {
    for await (const task of handle.updates()) latest.set(index, task);
  };
  const inputs = toWorkload(count, seed).entries();
  const followed: Promise<void>[] = [];
  // Each call at the same time has a Lambda of its own, a process here.
  const submitAll = async (): Promise<void> => {
    for (const [index, input] of inputs) {
      const handle = await client.submit(input);
      followed.push(follow(index, handle));
    }
  };
  const submitted = Promise.all(Array.from({ length: AT_ONCE }, submitAll));
  const done = submitted.then(() => Promise.all(followed));
  const countOf = (...statuses: Task['status'][]): number =>
    [...latest.values()].filter(({ status }) => statuses.includes(status)).length;
  return {
    submitted,
    done,
    tasks: () => [...latest.values()],
    counts: (): Moment['counts'] => {
      const [running, succeeded] = [countOf('RUNNING'), countOf('SUCCEEDED')];
      const lost = countOf('FAILED', 'EXPIRED', 'CANCELED');
      return { running, done: succeeded, lost, queued: count - running - succeeded - lost };
    },
    close: client.close,
  };
};

const run = async (stack: LocalStack): Promise<boolean> => {
  const [total, price, max] = [toNumber('tasks', 1), toNumber('price', 0), toNumber('max', 1)];
  const startedAt = Date.now();
  const now = (): number => (Date.now() - startedAt) / 1000;
  const ask = createAsk(stack);
  const account = createAccount();
  const seenSince = new Map<string, number>();
  const happened: string[] = [];
  const note = (line: string): void => {
    happened.push(`${toClock(now())} ${line}`);
    if (!process.stdout.isTTY) process.stdout.write(`${toClock(now())} ${line}\n`);
  };
  const passes = setInterval(() => void stack.tick('FleetScaler').catch(() => undefined), PASS_MS);
  const tasks = startTasks(stack, total, toNumber('seed', 0));
  void tasks.submitted.then(() => note(`${total} tasks submitted`));

  const look = async (): Promise<Moment> => {
    const group = stack.fleet.describe();
    account.observe(group, Date.now());
    for (const { instanceId } of group.members)
      if (!seenSince.has(instanceId)) seenSince.set(instanceId, now());
    const { queue } = await ask<{ queue: SeenQueue | null }>(QUEUE);
    const { fleetDecisions } = await ask<{ fleetDecisions: { items: SeenDecision[] } }>(DECISIONS);
    const told = new Map(queue?.members.map(({ id, state }) => [id, state]));
    const cents = (account.instanceSeconds(Date.now()) / 3600) * price;
    return {
      ...{ seconds: now(), counts: tasks.counts(), total, queue: queue ?? undefined, happened },
      instances: group.members.map(({ instanceId, lifecycleState }) => ({
        id: instanceId,
        state: lifecycleState === 'InService' ? (told.get(instanceId) ?? 'InService') : lifecycleState,
        seconds: now() - (seenSince.get(instanceId) ?? now()),
      })),
      decisions: fleetDecisions.items,
      cost: `$${cents.toFixed(4)} so far`,
    };
  };

  const disturb = createDisturb(stack, total, note);
  const show = createShow();
  let isOver = false;
  void tasks.done.finally(() => (isOver = true));
  let moment = await look();
  for (let wasEmpty = false; !(isOver && wasEmpty);) {
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    moment = await look();
    if (!values.calm) disturb(moment);
    show(moment);
    wasEmpty = moment.instances.length === 0;
  }
  clearInterval(passes);
  await tasks.done;
  tasks.close();
  show(moment, true);
  process.stdout.write(toReport(moment, tasks.tasks(), { price, max, account }));
  return moment.counts.done === total;
};

/** EC2 takes a busy instance back, and later the worker of another one is killed. */
const createDisturb = (
  stack: LocalStack,
  total: number,
  note: (line: string) => void,
): ((moment: Moment) => void) => {
  let [taken, killed]: (string | undefined)[] = [];
  const busyOther = (moment: Moment, not?: string) =>
    moment.instances.find(({ id, state }) => state === 'BUSY' && id !== not)?.id;
  return (moment) => {
    const share = moment.counts.done / total;
    if (taken === undefined && share >= SPOT_AT) {
      taken = busyOther(moment);
      if (taken === undefined) return;
      stack.fleet.noticeSpot(taken, SPOT_NOTICE_MS);
      note(`EC2 takes ${taken} back in ${SPOT_NOTICE_MS / 1000} s: a spot notice`);
    } else if (killed === undefined && share >= DEATH_AT) {
      killed = busyOther(moment, taken);
      const instance = stack.inspect.instances().find(({ instanceId }) => instanceId === killed);
      if (killed === undefined || !instance) return;
      instance.worker.kill('SIGKILL');
      note(`the worker of ${killed} was killed with a task in hand`);
    }
  };
};

/** In place on a terminal; elsewhere a line for each decision. */
const createShow = (): ((moment: Moment, isLast?: boolean) => void) => {
  if (process.stdout.isTTY) {
    const update = createLogUpdate(process.stdout);
    return (moment, isLast = false) => {
      update(toScreen(moment));
      if (isLast) update.done();
    };
  }
  let told = 0;
  return ({ decisions, seconds }) => {
    const news = decisions.slice(0, decisions.length - told).reverse();
    told = decisions.length;
    for (const { reason, notes } of news)
      process.stdout.write(`${toClock(seconds)} ${[reason, ...notes].join(' | ')}\n`);
  };
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

const toReport = (
  { seconds, counts, total, decisions, happened }: Moment,
  tasks: readonly Task[],
  { price, max, account }: { price: number; max: number; account: ReturnType<typeof createAccount> },
): string => {
  const waits = tasks
    .flatMap(({ createdAt, startedAt }) =>
      startedAt === null ? [] : [(Date.parse(startedAt) - Date.parse(createdAt)) / 1000],
    )
    .sort((left, right) => left - right);
  const attempts = tasks.reduce((sum, { attempt }) => sum + attempt, 0);
  const paid = account.instanceSeconds(Date.now());
  const dollars = (instanceSeconds: number): string => `$${((instanceSeconds / 3600) * price).toFixed(4)}`;
  const log = [...decisions]
    .reverse()
    .filter(({ desired, cause }, index, all) => {
      const before = all[index - 1];
      return desired !== before?.desired || cause !== before.cause;
    })
    .map(({ at, reason, notes }) => `  ${at.slice(11, 19)}  ${[reason, ...notes].join(' | ')}`);
  return [
    '',
    'decisions that changed something (all of them: the query fleetDecisions)',
    ...log,
    '',
    'what happened to it',
    ...happened.map((line) => `  ${line}`),
    '',
    `tasks      ${counts.done} of ${total} done, ${counts.lost} lost, ${attempts - total} attempts more than tasks`,
    `waits      p50 ${quantile(waits, 0.5).toFixed(1)} s, p95 ${quantile(waits, 0.95).toFixed(1)} s, longest ${(waits.at(-1) ?? 0).toFixed(1)} s`,
    `fleet      0 → ${account.most()} → 0 in ${toClock(seconds)}, ${account.launches()} launches`,
    `cost       ${dollars(paid)}, a minute at least for each launch; from now on nothing, where ${max} instances would cost ${dollars(max * 3600)} an hour`,
    '',
  ].join('\n');
};

const main = async (): Promise<void> => {
  process.stdout.write('starting the stack …\n');
  const stack = await startLocalStack({
    webui: { arguments: ['--profile', 'demo'] },
    bootMs: toNumber('boot', 0) * 1000,
    config: {
      api: { maxActiveTasksPerOwner: 10_000 },
      workers: {
        minCapacity: 0,
        maxCapacity: toNumber('max', 1),
        targetWaitSeconds: toNumber('target', 1),
        idleSeconds: toNumber('idle', 1),
        pricePerHour: toNumber('price', 0),
      },
    },
    log: (source, line) => {
      if (values.verbose) process.stderr.write(`${source}: ${line}\n`);
    },
  });
  const stop = (): void => void stack.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    if (!(await run(stack))) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
};

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    await main();
    // Amplify leaves a timer of 15 s behind (6.22): nothing here is left to wait for.
    process.exit();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
