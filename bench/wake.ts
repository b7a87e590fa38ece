import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { parseArgs } from 'node:util';
import { createClient } from '../client-sdk/src/index.ts';
import { startLocalStack, type LocalStack, type LocalStackOptions } from '../local/stack.ts';

const HELP = `How long a task that finds no instance waits until one is asked for: from submit to desired capacity 1, woken and, in the
same run, by the schedule alone.

  npm run bench:wake -- [options]

  --wakes N      the first of which finds every Lambda cold, 5 unless told
  --json
`;

const { values } = parseArgs({
  options: {
    wakes: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const INPUT = { txt2img: { prompt: 'bench', width: 64, height: 64, steps: 2 } };
const LOOK_MS = 5;
/** As long as the handler remembers that it has woken somebody. */
const FORGET_MS = 11_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Instances that never boot: nothing but the capacity matters here. */
const start = (configure?: LocalStackOptions['configure']): Promise<LocalStack> =>
  startLocalStack({ bootMs: 3_600_000, ...(configure && { configure }) });

const wake = async (stack: LocalStack): Promise<number> => {
  const client = createClient({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });
  const startedAt = performance.now();
  const { id } = await client.submit(INPUT);
  while (stack.fleet.describe().desiredCapacity === 0) await pause(LOOK_MS);
  const tookMs = performance.now() - startedAt;
  await client.cancel(id);
  client.close();
  return tookMs;
};

/** As after a night: nobody there, and the summary says so. */
const putToSleep = async (stack: LocalStack): Promise<void> => {
  for (const { instanceId } of stack.fleet.describe().members) {
    await stack.fleet.terminate(instanceId, { decrement: true });
  }
  await pause(FORGET_MS);
  await stack.tick('FleetScaler');
};

const measureWoken = async (wakes: number): Promise<readonly number[]> => {
  const stack = await start();
  try {
    const tookMs: number[] = [];
    for (let count = 0; count < wakes; count += 1) {
      tookMs.push(await wake(stack));
      await putToSleep(stack);
    }
    return tookMs;
  } finally {
    await stack.stop();
  }
};

/** With the wake queue's messages read by nobody. */
const measureScheduled = async (): Promise<number> => {
  const stack = await start(({ fleet }) => {
    for (const child of fleet.node.findAll()) {
      if (child instanceof CfnEventSourceMapping) child.enabled = false;
    }
  });
  try {
    return await wake(stack);
  } finally {
    await stack.stop();
  }
};

if (values.help) {
  process.stdout.write(HELP);
} else {
  const wakes = Number(values.wakes);
  if (!Number.isInteger(wakes) || wakes < 1) {
    process.stderr.write(`--wakes must be a whole number from 1, not "${values.wakes}"\n`);
    process.exit(2);
  }
  const [coldMs = 0, ...warm] = await measureWoken(wakes);
  const warmMs = [...warm].sort((left, right) => left - right)[Math.floor((warm.length - 1) / 2)];
  const scheduledMs = await measureScheduled();
  const result = { coldMs, warmMs, scheduledMs, ratio: coldMs / scheduledMs };
  const ms = (value: number | undefined): string => (value === undefined ? '–' : `${Math.round(value)} ms`);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : [
          `woken, every Lambda cold   ${ms(coldMs)}`,
          `woken, median of the rest  ${ms(warmMs)}`,
          `by the schedule alone      ${ms(scheduledMs)}, submitted as its minute began`,
          `cold to scheduled          ${result.ratio.toFixed(3)}`,
          '',
        ].join('\n'),
  );
  // Amplify leaves a timer of 15 s behind (6.22): nothing here is left to wait for.
  process.exit(0);
}
