import { parseArgs } from 'node:util';
import { createClient } from '../client-sdk/src/index.ts';
import { startLocalStack, type LocalStack } from '../local/stack.ts';

const HELP = `What one task costs beyond its inference: time, against the WebUI asked directly in the same run, and AWS calls.

  npm run bench:task -- [options]

  --tasks N      one after the other, 20 unless told
  --steps N      20 unless told
  --profile NAME the GPU that the stand-in plays, demo unless told
  --json
`;

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '20' },
    steps: { type: 'string', default: '20' },
    profile: { type: 'string', default: 'demo' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const SIZE = { width: 512, height: 512 };
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
};

const askWebui = async (stack: LocalStack, steps: number, seed: number): Promise<void> => {
  const response = await fetch(`${stack.inspect.instances()[0]?.webuiUrl}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...SIZE, prompt: 'bench', steps, seed, sampler_name: 'Euler a' }),
  });
  if (response.status !== 200) throw new Error(`The WebUI answered ${response.status}`);
  await response.arrayBuffer();
};

const total = (stack: LocalStack): Record<string, number> => {
  const sum: Record<string, number> = {};
  for (const calls of Object.values(stack.inspect.calls()))
    for (const [name, count] of Object.entries(calls)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
};

const main = async (): Promise<void> => {
  const tasks = Number(values.tasks);
  const steps = Number(values.steps);
  const readyMs = performance.now();
  const stack = await startLocalStack({ instances: 1, webui: { arguments: ['--profile', values.profile] } });
  const startedMs = performance.now() - readyMs;
  try {
    const client = createClient({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });
    const run = (seed: number) => client.run({ txt2img: { ...SIZE, prompt: 'bench', steps, seed } });
    await run(0);
    const before = total(stack);
    const direct: number[] = [];
    const queued: number[] = [];
    for (let seed = 1; seed <= tasks; seed += 1) {
      queued.push(await timed(() => run(seed)));
      direct.push(await timed(() => askWebui(stack, steps, seed)));
    }
    const after = total(stack);
    const calls = Object.fromEntries(
      Object.entries(after).map(([name, count]) => [
        name,
        Math.round((10 * (count - (before[name] ?? 0))) / tasks) / 10,
      ]),
    );
    const [directMs, queuedMs] = [median(direct), median(queued)];
    const report = { startedMs, directMs, queuedMs, ratio: queuedMs / directMs, callsPerTask: calls };
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : toText(report));
  } finally {
    await stack.stop();
  }
};

const toText = (report: {
  startedMs: number;
  directMs: number;
  queuedMs: number;
  ratio: number;
  callsPerTask: Record<string, number>;
}): string => `stack started   ${report.startedMs.toFixed(0)} ms
WebUI directly  ${report.directMs.toFixed(0)} ms (median)
as a task       ${report.queuedMs.toFixed(0)} ms (median, submit → told): ${report.ratio.toFixed(2)} times
AWS calls per task
${Object.entries(report.callsPerTask)
  .filter(([, count]) => count > 0)
  .map(([name, count]) => `  ${name.padEnd(32)}${count}`)
  .join('\n')}
`;

if (values.help) process.stdout.write(HELP);
else {
  await main();
  // Amplify leaves a timer behind.
  process.exit(0);
}
