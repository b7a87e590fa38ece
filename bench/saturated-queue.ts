import { parseArgs } from 'node:util';
import { createClient, type TaskHandle } from '../client-sdk/src/index.ts';
import { startLocalStack } from '../local/stack.ts';

const HELP = `How long the GPU stands still while the queue is full: one worker with many tasks, against the same requests sent to its WebUI
back to back, in the same run.

  npm run bench:queue -- [options]

  --tasks N      40 unless told
  --steps N      20 unless told
  --profile NAME the GPU that the stand-in plays, demo unless told
  --json
`;

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '40' },
    steps: { type: 'string', default: '20' },
    profile: { type: 'string', default: 'demo' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const SIZE = { width: 512, height: 512 };

const gapOf = (line: string): number[] => {
  const seconds = /"GapSeconds":([\d.]+)/.exec(line)?.[1];
  return seconds === undefined ? [] : [1000 * Number(seconds)];
};

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
};

const main = async (): Promise<void> => {
  const tasks = Number(values.tasks);
  const steps = Number(values.steps);
  const gaps: number[] = [];
  const stack = await startLocalStack({
    instances: 1,
    webui: { arguments: ['--profile', values.profile] },
    config: { api: { maxActiveTasksPerOwner: tasks + 1 } },
    log: (_source, line) => gaps.push(...gapOf(line)),
  });
  try {
    const client = createClient({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });
    const input = (seed: number) => ({ txt2img: { ...SIZE, prompt: 'bench', steps, seed } });
    // The first tells the worker how fast it is.
    await client.run(input(0));
    // The queue fills behind this one, so that submitting costs nothing of what is measured.
    const plug = await client.submit({ txt2img: { ...input(0).txt2img, steps: 150, batchSize: 4 } });
    const handles: TaskHandle[] = [];
    for (let seed = 1; seed <= tasks; seed += 1) handles.push(await client.submit(input(seed)));
    await plug.result();
    gaps.length = 0;
    const queuedMs = await timed(() => Promise.all(handles.map((handle) => handle.result())));
    const url = `${stack.inspect.instances()[0]?.webuiUrl}/sdapi/v1/txt2img`;
    const directMs = await timed(async () => {
      for (let seed = 1; seed <= tasks; seed += 1) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...SIZE, prompt: 'bench', steps, seed, sampler_name: 'Euler a' }),
        });
        await response.arrayBuffer();
      }
    });
    gaps.sort((left, right) => left - right);
    const report = {
      directMs,
      queuedMs,
      ratio: queuedMs / directMs,
      medianGapMs: gaps[Math.floor(gaps.length / 2)],
      longestGapMs: gaps.at(-1),
      gaps: gaps.length,
    };
    process.stdout.write(
      values.json
        ? `${JSON.stringify(report)}\n`
        : `${tasks} pictures, the WebUI asked directly  ${directMs.toFixed(0)} ms
${tasks} tasks from a full queue              ${queuedMs.toFixed(0)} ms: ${report.ratio.toFixed(3)} times
GPU still between two tasks           ${report.medianGapMs?.toFixed(1)} ms (median of ${gaps.length}), ${report.longestGapMs?.toFixed(1)} ms at most
`,
    );
  } finally {
    await stack.stop();
  }
};

if (values.help) process.stdout.write(HELP);
else {
  await main();
  // Amplify leaves a timer behind.
  process.exit(0);
}
