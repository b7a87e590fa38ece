import {
  createClient,
  TaskCanceledError,
  type Auth,
  type Client,
  type Task,
  type TaskHandle,
} from '../../client-sdk/src/index.ts';

/*
 * What a client must get right while things go wrong, without a test framework: so that the same scenarios run in Node.js
 * 24, in Node.js 20 and in a browser. Each throws what it finds wrong.
 */

/** What happens at the other end. */
export interface Control {
  /** Closes every socket without a word; resolves with how many there were. */
  readonly cutSockets: () => Promise<number>;
  /** Closes every connection and listens to none for that long. */
  readonly restart: (downMs: number) => Promise<void>;
  /** From here on no event is pushed, or events are again. */
  readonly mute: (isMute: boolean) => Promise<void>;
  readonly token: (sub: string, expiresInSeconds: number) => Promise<string>;
}

export interface Ground {
  readonly endpoint: string;
  readonly apiKey: string;
  readonly control: Control;
}

export const SCENARIOS = {
  'a task ends with its images, every version newer than the last': async (ground) => {
    await using client = clientOf(ground);
    const seen: Task[] = [];
    const { images } = await client.run(SLOW, { onUpdate: (task) => seen.push(task) });
    rising(seen);
    check(seen.at(-1)?.status === 'SUCCEEDED', 'the last update is the end');
    check((await fetch(images[0].url)).ok, 'the image is there');
  },

  'a task is canceled while it runs': async (ground) => {
    await using client = clientOf(ground);
    const handle = await client.submit(SLOW);
    await untilRunning(handle);
    await handle.cancel();
    const error = await handle.result().catch((thrown: unknown) => thrown);
    check(error instanceof TaskCanceledError, `it ends as canceled, not ${String(error)}`);
  },

  'another client, as after a reload, finds the task by its id': async (ground) => {
    const first = clientOf(ground);
    const handle = await first.submit(SLOW);
    const waiting = handle.result().catch((error: Error) => error.name);
    await untilRunning(handle);
    first.close();
    check((await waiting) === 'ClosedError', 'closing the client ends whoever waits');
    await using second = clientOf(ground);
    check((await second.task(handle.id).result()).id === handle.id, 'the other one gets the result');
  },

  'two hundred handles share one socket, and each ends once and rightly although it is cut': async (
    ground,
  ) => {
    await using client = clientOf(ground, { token: () => ground.control.token('many', 3600) });
    const handles = await inBatches(200, 20, (index) =>
      client.txt2img({ prompt: 'x', width: 64, height: 64, steps: 1, seed: index }),
    );
    const ends = handles.map(async (handle) => {
      const seen: Task[] = [];
      for await (const task of handle.updates()) seen.push(task);
      rising(seen);
      check(seen.filter(({ isTerminal }) => isTerminal).length === 1, 'there is one end');
      return seen.at(-1);
    });
    // Most are called off, so that this does not take minutes.
    await inBatches(190, 20, (index) => handles[index + 10]?.cancel());
    check((await ground.control.cutSockets()) === 1, 'there is one socket');
    const tasks = await Promise.all(ends);
    const truths = new Map<string, Task>();
    for await (const task of client.tasks({ limit: 200 })) truths.set(task.id, task);
    for (const [index, task] of tasks.entries()) {
      const truth = truths.get(handles[index]?.id ?? '');
      check(task?.id === handles[index]?.id, 'each handle gets its own task');
      check(task?.version === truth?.version, 'and the last of its versions');
      check(
        task?.images?.[0]?.seed === (task?.status === 'SUCCEEDED' ? index : undefined),
        'and its picture',
      );
    }
    check(
      tasks.filter((task) => task?.status === 'SUCCEEDED').length >= 10,
      'what was not canceled succeeds',
    );
  },

  'a task ends although the socket was cut while it ran': async (ground) => {
    await using client = clientOf(ground);
    await endsInSpiteOf(client, () => ground.control.cutSockets());
  },

  'a task ends although the API was away while it ran': async (ground) => {
    await using client = clientOf(ground);
    await endsInSpiteOf(client, () => ground.control.restart(3000));
  },

  'a task ends although the socket stays open and says nothing': async (ground) => {
    await using client = clientOf(ground);
    try {
      await endsInSpiteOf(client, () => ground.control.mute(true));
    } finally {
      await ground.control.mute(false);
    }
  },

  'a task ends although the token expired while it ran': async (ground) => {
    let refreshes = 0;
    let cached: string | undefined;
    const token = async ({ forceRefresh }: { forceRefresh: boolean }): Promise<string> => {
      if (forceRefresh || cached === undefined) {
        refreshes += 1;
        cached = await ground.control.token('ann', refreshes === 1 ? 2 : 3600);
      }
      return cached;
    };
    await using client = clientOf(ground, { token });
    const expired = new Promise((resolve) => setTimeout(resolve, 2500));
    await endsInSpiteOf(client, async () => {
      await expired;
      await ground.control.cutSockets();
    });
    check(refreshes >= 2, 'a fresh token was asked for');
  },
} as const satisfies Record<string, (ground: Ground) => Promise<void>>;

export type ScenarioName = keyof typeof SCENARIOS;

/** Three seconds of work, so that progress is pushed. */
const SLOW = { txt2img: { prompt: 'slow', width: 64, height: 64, steps: 100, seed: 7 } };

const clientOf = ({ endpoint, apiKey }: Ground, auth: Auth = { apiKey }): Client =>
  createClient({ endpoint, auth });

const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`Not so: ${what}`);
};

const rising = (tasks: readonly Task[]): void =>
  check(
    tasks.every(({ version }, index) => version > (tasks[index - 1]?.version ?? -1)),
    `versions rise: ${tasks.map(({ version }) => version).join()}`,
  );

const untilRunning = async (handle: TaskHandle): Promise<void> => {
  for await (const { status } of handle.updates()) if (status === 'RUNNING') return;
};

/** Does that once the task runs. */
const endsInSpiteOf = async (client: Client, mishap: () => Promise<unknown>): Promise<void> => {
  const handle = await client.submit(SLOW);
  const seen: Task[] = [];
  let happened: Promise<unknown> | undefined;
  for await (const task of handle.updates()) {
    seen.push(task);
    if (task.status === 'RUNNING') happened ??= mishap();
  }
  await happened;
  rising(seen);
  check(seen.at(-1)?.status === 'SUCCEEDED', `it succeeds, it does not end as ${seen.at(-1)?.status}`);
  check((await handle.result()).images[0].seed === 7, 'with its picture');
};

const inBatches = async <T>(
  count: number,
  size: number,
  run: (index: number) => T,
): Promise<Awaited<T>[]> => {
  const results: Awaited<T>[] = [];
  for (let first = 0; first < count; first += size) {
    const batch = Array.from({ length: Math.min(size, count - first) }, (_, index) => run(first + index));
    results.push(...(await Promise.all(batch)));
  }
  return results;
};
