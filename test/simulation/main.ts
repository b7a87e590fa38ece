import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import cliProgress from 'cli-progress';
import { loadResolvers, setNow } from './load.ts';
import type { Broken, Findings } from './search.ts';
import type { Scenario } from './scenario.ts';
import type { ThreadMessage, ThreadWork } from './thread.ts';

const HELP = `Plays histories of the whole system in virtual time: the shipped code of the worker, task_handler, updateTask, the reconciler, the
dead-letter consumer and the SDK's watch, over simulated services that fail in every way they can. After each, every
invariant is checked. Ends with 1 if one was broken.

  npm run simulate -- [options]

  --histories N    10000 unless told
  --seed N         the same histories for the same number of threads; by the clock unless told
  --threads N      as many as there are processors unless told
  --seconds N      begins no history after that long
  --mutants        plants one bug after the other, each of which must be noticed
  --replay FILE    one history from a file (as printed when an invariant was broken), with its timeline; - for standard input
  --json           one machine-readable line
  --help
`;

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    seconds: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    replay: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const toWhole = (name: 'histories' | 'seed' | 'threads' | 'seconds', text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number from 1, not "${text}"`);
  return number;
};

const say = (line: string): void => {
  if (!values.json) process.stdout.write(`${line}\n`);
};

const inThread = (work: ThreadWork, onProgress: (histories: number) => void): Promise<Findings> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: work });
    thread.on('message', (message: ThreadMessage) => {
      if ('progress' in message) onProgress(message.progress);
      else resolve(message.findings as Findings);
    });
    thread.once('error', reject);
  });

const searchAll = async (seed: number): Promise<Findings & { readonly seconds: number }> => {
  const histories = toWhole('histories', values.histories);
  const threads = Math.min(toWhole('threads', values.threads), histories);
  const seconds = values.seconds === undefined ? undefined : toWhole('seconds', values.seconds);
  const bar = new cliProgress.SingleBar({ format: '[{bar}] {value}/{total} histories', hideCursor: true });
  const showsBar = process.stdout.isTTY && !values.json;
  if (showsBar) bar.start(histories, 0);
  const done = Array.from({ length: threads }, () => 0);
  const startedAt = performance.now();
  const all = await Promise.all(
    done.map((_none, index) =>
      inThread(
        {
          histories: Math.ceil((histories - index) / threads),
          seed: seed + index,
          ...(seconds !== undefined && { timeLimitMs: seconds * 1000 }),
        },
        (progress) => {
          done[index] = progress;
          if (showsBar) bar.update(done.reduce((sum, one) => sum + one, 0));
        },
      ),
    ),
  );
  if (showsBar) bar.stop();
  const { merge } = await import('./search.ts');
  return { ...merge(all), seconds: (performance.now() - startedAt) / 1000 };
};

const toTable = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([name, count]) => `  ${name.padEnd(40)}${String(count).padStart(8)}`)
    .join('\n');

const replay = async (history: Scenario): Promise<string> => {
  const resolvers = await loadResolvers();
  const { runHistory } = await import('./world.ts');
  const { timeline, violations } = await runHistory(history, { resolvers, setNow, withTimeline: true });
  const ends = violations.map(({ invariant, what }) => `BROKEN: ${invariant}: ${what}`);
  return [...timeline, ...(ends.length > 0 ? ends : ['No invariant was broken.'])].join('\n');
};

const explain = async ({ invariant, what, seed, after, shrinks, history }: Broken): Promise<string> => `
BROKEN: ${invariant}: ${what}
by history ${after} of seed ${seed}, shrunk ${shrinks} times to:

${JSON.stringify(history)}

${await replay(history)}
`;

const simulate = async (): Promise<boolean> => {
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : toWhole('seed', values.seed);
  say(`seed ${seed}`);
  const { histories, calls, virtualMs, injected, ends, transitions, broken, seconds } = await searchAll(seed);
  const perMinute = Math.round((60 * histories) / seconds);
  if (values.json) {
    const report = {
      seed,
      histories,
      perMinute,
      calls,
      virtualMs,
      injected,
      ends,
      transitions,
      broken: broken ?? null,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return broken === undefined;
  }
  const hours = Math.round(virtualMs / 3_600_000);
  say(
    `${histories} histories in ${seconds.toFixed(1)} s: ${perMinute} a minute; ${calls} calls, ${hours} hours of virtual time`,
  );
  say(`\nfaults injected\n${toTable(injected)}`);
  say(`\nhistories in which a task ended as\n${toTable(ends)}`);
  say(`\nhistories in which an event was taken\n${toTable(transitions)}`);
  say(broken ? await explain(broken) : '\nNo invariant was broken.');
  return broken === undefined;
};

/** The table of planted bugs: which invariant noticed each, and after how many histories. */
const plantMutants = async (): Promise<boolean> => {
  const seed = values.seed === undefined ? 1 : toWhole('seed', values.seed);
  const resolvers = await loadResolvers();
  const { search } = await import('./search.ts');
  const { MUTANTS } = await import('./mutants.ts');
  const limit = Math.min(toWhole('histories', values.histories), 5000);
  const rows: { name: string; invariant: string | null; after: number }[] = [];
  for (const { name, mutation } of MUTANTS) {
    const { broken, histories } = await search({
      ...{ resolvers, seed, mutation, histories: limit, isFirstEnough: true },
    });
    rows.push({ name, invariant: broken?.invariant ?? null, after: histories });
    const by = broken ? `${broken.invariant}` : 'NOBODY';
    say(`  ${name.padEnd(62)}${by.padEnd(46)}${String(histories).padStart(6)}`);
  }
  const missed = rows.filter(({ invariant }) => invariant === null);
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, mutants: rows })}\n`);
  say(missed.length === 0 ? `\nAll ${rows.length} were noticed.` : `\n${missed.length} went unnoticed.`);
  return missed.length === 0;
};

const main = async (): Promise<boolean> => {
  if (values.replay !== undefined) {
    const text = readFileSync(values.replay === '-' ? 0 : values.replay, 'utf8');
    process.stdout.write(`${await replay(JSON.parse(text) as Scenario)}\n`);
    return true;
  }
  return values.mutants ? plantMutants() : simulate();
};

if (values.help) process.stdout.write(HELP);
else {
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
