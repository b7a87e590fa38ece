import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, type Client } from '../client-sdk/src/index.ts';
import { startLocalStack, type LocalStack } from '../local/stack.ts';
import type { ManyWatched } from './watch-many.ts';

const HELP = `What watching costs: how long after a task was stored its watcher knows, pushed and, in the same run, by asking every
second; and what a thousand watched tasks take. What the client weighs in a page: npm run bench:bundle.

  npm run bench:watch -- [options]

  --tasks N      one after the other, 20 unless told
  --watched N    at a time, none of which is worked on, 1000 unless told
  --json
`;

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '20' },
    watched: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const POLL_MS = 1000;
const INPUT = { txt2img: { prompt: 'bench', width: 64, height: 64, steps: 2 } };

const quantile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((left, right) => left - right)[Math.floor(share * (numbers.length - 1))] ?? Number.NaN;

const clientOf = (stack: LocalStack): Client =>
  createClient({ endpoint: stack.urls.graphql, auth: { apiKey: stack.apiKey ?? '' } });

/** As one does without a subscription, begun at a moment that has nothing to do with the task. */
const poll = async (client: Client, id: string): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * POLL_MS));
  for (;;) {
    const task = await client.get(id);
    if (task?.isTerminal) return Date.now() - Date.parse(task.finishedAt ?? '');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

/** Milliseconds from the row's last write to knowing; both clocks are this machine's. */
const measureLatency = async (stack: LocalStack, tasks: number) => {
  const client = clientOf(stack);
  const pushed: number[] = [];
  const polled: number[] = [];
  await client.run(INPUT);
  for (let count = 0; count < tasks; count += 1) {
    const handle = await client.submit(INPUT);
    const polling = poll(client, handle.id);
    const task = await handle.result();
    pushed.push(Date.now() - Date.parse(task.finishedAt ?? ''));
    polled.push(await polling);
  }
  client.close();
  const summary = (numbers: readonly number[]) => ({
    medianMs: quantile(numbers, 0.5),
    p95Ms: quantile(numbers, 0.95),
  });
  return { pushed: summary(pushed), polledEverySecond: summary(polled) };
};

/** In a process of its own, so that what it takes is the client's. */
const measureMany = async (count: number) => {
  const stack = await startLocalStack({ instances: 0, config: { api: { maxActiveTasksPerOwner: 100_000 } } });
  try {
    const script = join(import.meta.dirname, 'watch-many.ts');
    const child = fork(script, [stack.urls.graphql, stack.apiKey ?? '', String(count)], {
      execArgv: ['--expose-gc'],
    });
    await once(child, 'message');
    // There are no others.
    const sockets = stack.faults.cutSockets();
    child.send('go on');
    const [report] = (await once(child, 'message')) as [ManyWatched];
    return { watched: count, sockets, ...report };
  } finally {
    await stack.stop();
  }
};

const main = async (): Promise<void> => {
  const stack = await startLocalStack({
    instances: 1,
    webui: { arguments: ['--profile', 'instant'] },
  });
  try {
    const latency = await measureLatency(stack, Number(values.tasks));
    const many = await measureMany(Number(values.watched));
    const report = { latency, many };
    process.stdout.write(
      values.json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, null, 2)}\n`,
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
