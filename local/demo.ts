import cliProgress from 'cli-progress';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ApiError,
  createClient,
  TaskError,
  type SubmitTaskInput,
  type Task,
} from '../client-sdk/src/index.ts';
import { startLocalStack, type LocalStack } from './stack.ts';

const HELP = `Takes a prompt through the whole system on this machine and writes the picture.

  npm run demo -- [prompt] [options]

  --steps N          20 unless told
  --seed N           a random one unless told
  --width N          512 unless told
  --height N         512 unless told
  --out DIR          where the PNG goes; out unless told
  --profile NAME     the GPU that the stand-in plays: t4-sd15 (the default), a10g-sd15, t4-sdxl, demo, …
  --webui URL        a real Stable Diffusion WebUI instead of the stand-in
  --json             one machine-readable line instead of the show
  --verbose          what the parts of the system print, on standard error
  --help
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '20' },
    seed: { type: 'string' },
    width: { type: 'string', default: '512' },
    height: { type: 'string', default: '512' },
    out: { type: 'string', default: 'out' },
    profile: { type: 'string', default: 't4-sd15' },
    webui: { type: 'string' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const toNumber = (name: 'steps' | 'seed' | 'width' | 'height', text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number))
    throw new Error(`--${name} must be a number, not "${text}"`);
  return number;
};

const say = (line: string): void => {
  if (!values.json) process.stdout.write(`${line}\n`);
};

/** What one run was, in the order in which it happened. */
interface Report {
  readonly task: Task;
  readonly url: string;
  readonly file: string;
  readonly readyMs: number;
  /** From submit to the first worker that took it. */
  readonly queuedMs: number;
  readonly inferenceMs: number;
  readonly storeMs: number;
  /** From the row's last write to the moment this process knew, both by this machine's clock. */
  readonly toldMs: number;
  readonly pushedUpdates: number;
}

const run = async (stack: LocalStack, readyMs: number): Promise<Report> => {
  const client = createClient({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });
  const steps = toNumber('steps', values.steps);
  const prompt = positionals.join(' ') || 'a lighthouse at dusk, oil painting';
  const input: SubmitTaskInput = {
    txt2img: {
      prompt,
      steps,
      width: toNumber('width', values.width),
      height: toNumber('height', values.height),
      ...(values.seed !== undefined && { seed: toNumber('seed', values.seed) }),
    },
  };
  const handle = await client.submit(input);
  say(`task ${handle.id}`);
  const show = createProgressView(steps);
  let pushedUpdates = 0;
  for await (const update of handle.updates()) {
    pushedUpdates += 1;
    show(update);
  }
  const task = await handle.result();
  const knownAt = Date.now();
  const [image] = task.images;
  say(`\nimage ${image.url}`);
  const file = await download(image.url, `seed-${image.seed ?? 0}.png`);
  return {
    task,
    url: image.url,
    file,
    readyMs,
    queuedMs: Date.parse(task.startedAt ?? '') - Date.parse(task.createdAt),
    inferenceMs: task.inferenceMs ?? 0,
    storeMs: task.storeMs ?? 0,
    toldMs: knownAt - Date.parse(task.finishedAt ?? ''),
    pushedUpdates,
  };
};

/** A bar on a terminal, lines elsewhere. */
const createProgressView = (steps: number): ((task: Task) => void) => {
  if (values.json) return () => undefined;
  const bar = new cliProgress.SingleBar({
    format: '{status} [{bar}] {step}/{steps} steps{left}',
    barsize: 32,
    hideCursor: true,
  });
  if (process.stdout.isTTY) bar.start(steps, 0, { status: 'QUEUED   ', step: 0, steps, left: '' });
  return (task) => {
    const { progress, status, isTerminal } = task;
    const step = isTerminal ? steps : (progress?.step ?? 0);
    const eta = progress?.etaSeconds;
    const left = typeof eta === 'number' ? `, ${eta.toFixed(1)} s left` : '';
    if (!process.stdout.isTTY) return say(`${status.padEnd(9)} ${step}/${steps} steps${left}`);
    bar.update(step, { status: status.padEnd(9), step, left });
    if (isTerminal) bar.stop();
  };
};

const download = async (url: string, name: string): Promise<string> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await mkdir(values.out, { recursive: true });
  const file = join(values.out, name);
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  return file;
};

const toText = ({ file, readyMs, queuedMs, inferenceMs, storeMs, toldMs, task }: Report): string => {
  const totalMs = Date.parse(task.finishedAt ?? '') - Date.parse(task.createdAt);
  const rows: readonly (readonly [string, number, string])[] = [
    ['stack ready', readyMs, ''],
    ['queued', queuedMs, 'submitted → a worker took it'],
    ['inference', inferenceMs, 'the WebUI at work'],
    ['stored', storeMs, 'images to S3'],
    ['overhead', totalMs - queuedMs - inferenceMs, 'taken → done, beyond inference'],
    ['told', toldMs, 'done → known here'],
  ];
  const lines = rows.map(([name, ms, note]) =>
    `  ${name.padEnd(12)}${String(ms).padStart(6)} ms  ${note}`.trimEnd(),
  );
  return `file  ${file}\n\n${lines.join('\n')}`;
};

const explain = (error: unknown): string => {
  if (error instanceof ApiError || error instanceof TaskError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};

const main = async (): Promise<void> => {
  say('starting the stack …');
  const startedAt = Date.now();
  const stack = await startLocalStack({
    instances: 1,
    webui: values.webui === undefined ? { arguments: ['--profile', values.profile] } : { url: values.webui },
    log: (source, line) => {
      if (values.verbose || source === 'auto-scaling') process.stderr.write(`${source}: ${line}\n`);
    },
  });
  const stop = (): void => void stack.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const report = await run(stack, Date.now() - startedAt);
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else say(toText(report));
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
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}
