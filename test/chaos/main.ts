import cliProgress from 'cli-progress';
import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { hasViolations, toText } from './report.ts';
import { runChaos, type Progress } from './run.ts';
import { WEATHER_KINDS, type WeatherKind } from './weather.ts';

const HELP = `Holds the system against its promises while everything around it fails: real processes are killed, AppSync is
restarted, calls are refused, cut, done twice or never answered. Ends with a report; exit code 1 if a promise was broken.

  npm run chaos -- [options]

  --tasks N        500 unless told
  --instances N    4 unless told
  --seed N         a random one unless told; printed, to run much the same again
  --minutes N      the faults end after that time at the latest
  --only KIND      only these, may be repeated: ${WEATHER_KINDS.join(', ')}
  --log FILE       what all processes print
  --json           the report as one JSON object
  --help
`;

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '500' },
    instances: { type: 'string', default: '4' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    only: { type: 'string', multiple: true },
    log: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const toNumber = (name: string, text: string): number => {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new Error(`--${name} must be a number, not "${text}"`);
  return number;
};

const toKinds = (names: readonly string[]): readonly WeatherKind[] =>
  names.map((name) => {
    const kind = WEATHER_KINDS.find((candidate) => candidate === name);
    if (!kind) throw new Error(`--only ${name}: there are ${WEATHER_KINDS.join(', ')}`);
    return kind;
  });

/** A bar on a terminal, lines elsewhere; on standard error, so that the report stands alone. */
const createView = (): { readonly show: (progress: Progress) => void; readonly stop: () => void } => {
  if (!process.stderr.isTTY) {
    let shown = '';
    const show = ({ phase, submitted, ended, tasks, strike }: Progress): void => {
      const line = strike ?? `${phase}: ${submitted} submitted, ${ended} of ${tasks} ended`;
      // Not each of hundreds: every tenth, and whatever is new.
      if (line === shown || (strike === undefined && phase === 'faults' && ended % 10 !== 0)) return;
      shown = line;
      process.stderr.write(`${line}\n`);
    };
    return { show, stop: () => undefined };
  }
  const bar = new cliProgress.SingleBar({
    format: '{phase} [{bar}] {value}/{total} ended, {submitted} submitted  {strike}',
    barsize: 32,
    hideCursor: true,
  });
  let last = '';
  return {
    show: ({ phase, submitted, ended, tasks, strike }) => {
      last = strike ?? last;
      if (!bar.isActive) bar.start(tasks, 0, { phase, submitted, strike: '' });
      bar.update(ended, { phase: phase.padEnd(8), submitted, strike: phase === 'faults' ? last : '' });
    },
    stop: () => bar.stop(),
  };
};

const main = async (): Promise<boolean> => {
  const seed = values.seed === undefined ? randomInt(1, 1_000_000) : toNumber('seed', values.seed);
  const instances = toNumber('instances', values.instances);
  const tasks = toNumber('tasks', values.tasks);
  process.stderr.write(`seed ${seed}: ${tasks} tasks on ${instances} instances\n`);
  const log = values.log === undefined ? undefined : createWriteStream(values.log);
  const view = createView();
  const report = await runChaos({
    ...{ tasks, instances, seed, onProgress: view.show },
    ...(values.only && { kinds: toKinds(values.only) }),
    ...(values.minutes !== undefined && { chaosMs: toNumber('minutes', values.minutes) * 60_000 }),
    ...(log && {
      log: (source, line) => void log.write(`${new Date().toISOString()} ${source} ${line}\n`),
    }),
  });
  view.stop();
  log?.end();
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : toText(report));
  return !hasViolations(report);
};

if (values.help) process.stdout.write(HELP);
else {
  try {
    const isFine = await main();
    // Amplify leaves timers behind.
    process.exit(isFine ? 0 : 1);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
