import { createClient, type TaskHandle } from '../client-sdk/src/index.ts';

/* The part of the bench of watching that has a process of its own: many tasks that nobody works on, watched by one client. */

export interface ManyWatched {
  readonly heapBytesPerTask: number;
  /** Of one core, while nothing happens. */
  readonly cpuShareWhileSilent: number;
  readonly updates: number;
  /** From the last cancel that was answered to the last watcher that knew. */
  readonly lastToldMs: number;
}

const SILENT_MS = 65_000;
const BATCH = 20;

const inBatches = async (count: number, run: (index: number) => Promise<unknown>): Promise<void> => {
  for (let first = 0; first < count; first += BATCH)
    await Promise.all(
      Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => run(first + index)),
    );
};

const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const [endpoint = '', apiKey = '', watched = ''] = process.argv.slice(2);
const count = Number(watched);
const client = createClient({ endpoint, auth: { apiKey } });
const handles: TaskHandle[] = [];
await inBatches(count, async () => {
  handles.push(await client.txt2img({ prompt: 'bench', width: 64, height: 64 }));
});

const before = heap();
let updates = 0;
const ends = handles.map(async (handle) => {
  for await (const _task of handle.updates()) updates += 1;
});
// Everything is asked for when the subscription stands, and again and again while it is silent.
await new Promise((resolve) => setTimeout(resolve, 3000));
const heapBytesPerTask = Math.round((heap() - before) / count);
const cpu = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, SILENT_MS));
const { user, system } = process.cpuUsage(cpu);

// The parent counts sockets, and answers.
process.send?.('silent');
await new Promise((resolve) => process.once('message', resolve));
await inBatches(count, (index) => client.cancel(handles[index]?.id ?? ''));
const canceledAt = performance.now();
await Promise.all(ends);
const report: ManyWatched = {
  heapBytesPerTask,
  cpuShareWhileSilent: (user + system) / 1000 / SILENT_MS,
  updates,
  lastToldMs: Math.round(performance.now() - canceledAt),
};
process.send?.(report, () => process.exit(0));
