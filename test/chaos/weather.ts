import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRule } from '../../local/faults/faults.ts';
import { between, createRandom, oneOf, type Random } from '../../local/faults/random.ts';
import type { LocalStack } from '../../local/stack.ts';

/*
 * What goes wrong during a run. Two sorts: a share of all calls meets a fault at any time, and now and then something
 * happens: a process is killed, AppSync is restarted, sockets are cut, a whole service is away for a while.
 */

const FIELDS = ['submitTask', 'cancelTask', 'updateTask', 'task', 'tasks'].map((field) => `AppSync.${field}`);
const ENGINES = ['DynamoDB.*', 'SQS.*', 'S3.*'];
const SERVICES = [FIELDS, ...ENGINES.map((calls) => [calls])];

/** At any time, by share of the calls. */
const DRIZZLE = {
  refused: [{ calls: [...FIELDS, ...ENGINES], fault: { kind: 'refused', status: 500 }, share: 0.03 }],
  unheard: [{ calls: [...FIELDS, ...ENGINES], fault: { kind: 'unheard' }, share: 0.02 }],
  cut: [{ calls: [...FIELDS, ...ENGINES], fault: { kind: 'cut' }, share: 0.02 }],
  slow: [{ calls: [...FIELDS, ...ENGINES], fault: { kind: 'slow', ms: 400 }, share: 0.05 }],
  twice: [
    { calls: ['SQS.ReceiveMessage', 'SQS.SendMessage'], fault: { kind: 'twice' }, share: 0.1 },
    { calls: ['AppSync.submitTask', 'AppSync.updateTask'], fault: { kind: 'twice' }, share: 0.03 },
  ],
  // Not DynamoDB, since it is AppSync that asks there: whom that keeps waiting is told by AppSync.
  silent: [{ calls: [...FIELDS, 'SQS.*', 'S3.*'], fault: { kind: 'silent' }, share: 0.004 }],
  'lost-push': [{ calls: ['AppSync.push'], fault: { kind: 'silent' }, share: 0.05 }],
} as const satisfies Record<string, readonly FaultRule[]>;

/** Now and then: pause between two of a kind, in milliseconds; by instance where it hits one. */
const STRIKES = {
  'kill-worker': { everyMs: 14_000, ofEachInstance: true },
  'drain-worker': { everyMs: 40_000, ofEachInstance: true },
  'kill-webui': { everyMs: 16_000, ofEachInstance: true },
  'restart-appsync': { everyMs: 18_000, ofEachInstance: false },
  'cut-sockets': { everyMs: 7000, ofEachInstance: false },
  outage: { everyMs: 12_000, ofEachInstance: false },
} as const;

/** Each kind strikes once within that time: so no run is without. */
const FIRST_MS = 4000;

type Drizzle = keyof typeof DRIZZLE;
type Strike = keyof typeof STRIKES;
export type WeatherKind = Drizzle | Strike;

export const WEATHER_KINDS = [...Object.keys(DRIZZLE), ...Object.keys(STRIKES)] as readonly WeatherKind[];

export interface WeatherOptions {
  readonly stack: LocalStack;
  readonly instances: number;
  readonly kinds: readonly WeatherKind[];
  readonly seed: number;
  /** Told of each strike. */
  readonly onStrike: (what: string) => void;
}

export interface Weather {
  /** Nothing more goes wrong. */
  readonly stop: () => Promise<void>;
  /** How often each kind was met. */
  readonly counts: () => Readonly<Record<string, number>>;
}

export const startWeather = (options: WeatherOptions): Weather => {
  const { stack, instances, kinds, seed, onStrike } = options;
  const { faults, inspect } = stack;
  const stopping = new AbortController();
  const { signal } = stopping;
  const strikes: Record<string, number> = {};

  const drizzle = (Object.keys(DRIZZLE) as Drizzle[])
    .filter((kind) => kinds.includes(kind))
    .flatMap((kind) => DRIZZLE[kind].map((rule) => faults.inject(rule)));

  const strike: Readonly<Record<Strike, (random: Random) => Promise<string | undefined>>> = {
    'kill-worker': (random) => {
      const victim = oneOf(random, inspect.instances());
      victim?.worker.kill('SIGKILL');
      return Promise.resolve(victim && `worker of ${victim.instanceId} killed`);
    },
    'drain-worker': (random) => {
      const victim = oneOf(random, inspect.instances());
      victim?.worker.kill('SIGTERM');
      return Promise.resolve(victim && `worker of ${victim.instanceId} told to go`);
    },
    'kill-webui': (random) => {
      const victim = oneOf(random, inspect.instances());
      victim?.killWebui('SIGKILL');
      return Promise.resolve(victim && `WebUI of ${victim.instanceId} killed`);
    },
    'cut-sockets': () => {
      const sockets = faults.cutSockets();
      return Promise.resolve(sockets > 0 ? `${sockets} sockets cut` : undefined);
    },
    'restart-appsync': async (random) => {
      const downMs = between(random, 200, 2500);
      await faults.restartAppSync(downMs);
      return `AppSync was away for ${downMs} ms`;
    },
    outage: async (random) => {
      const calls = oneOf(random, SERVICES) ?? FIELDS;
      const ms = between(random, 500, 4000);
      const end = faults.inject({ calls, fault: { kind: 'refused', status: 503 } });
      await delay(ms, undefined, { signal }).catch(() => undefined);
      end();
      return `${calls === FIELDS ? 'AppSync' : calls.join()} refused everything for ${ms} ms`;
    },
  };

  const strikeAgainAndAgain = async (kind: Strike): Promise<void> => {
    const random = createRandom(seed, kind);
    const { everyMs, ofEachInstance } = STRIKES[kind];
    const mean = ofEachInstance ? everyMs / instances : everyMs;
    let pauseMs = random() * Math.min(mean, FIRST_MS);
    while (!signal.aborted) {
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      pauseMs = mean * (0.3 + 1.4 * random());
      const what = await strike[kind](random);
      if (what === undefined) continue;
      strikes[kind] = (strikes[kind] ?? 0) + 1;
      onStrike(what);
    }
  };

  const striking = (Object.keys(STRIKES) as Strike[])
    .filter((kind) => kinds.includes(kind))
    .map(strikeAgainAndAgain);

  return {
    stop: async () => {
      stopping.abort();
      for (const end of drizzle) end();
      await Promise.all(striking);
    },
    counts: () => ({ ...strikes, ...byKind(faults.met()) }),
  };
};

/** What was met, summed over calls, in the words of `WEATHER_KINDS`. */
const byKind = (met: Readonly<Record<string, number>>): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const [key, count] of Object.entries(met)) {
    const kind = key === 'silent AppSync.push' ? 'lost-push' : (key.split(' ')[0] ?? '');
    sums[kind] = (sums[kind] ?? 0) + count;
  }
  return sums;
};
