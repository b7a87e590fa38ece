import type { Client, TaskHandle, TaskInput, TaskStatus } from '../index.ts';
import type { Timers } from '../timers.ts';
import { EXIT, toFailure, UsageError } from './exit-codes.ts';
import { FIELDS, parseInput, TASK_FIELDS, toInput, toParseOptions, type Values } from './fields.ts';
import { CANCELING, follow, toNotCanceled, type FollowOptions } from './follow.ts';
import { toModelRow, toQueueLines, toResult, toRow } from './format.ts';
import { FOLLOW_HELP, TASK_HELP, toOptionLines, type Topic } from './help.ts';
import type { Terminal } from './terminal.ts';

/** One command line, parsed. */
export interface Call {
  readonly words: readonly string[];
  readonly values: Values;
  readonly terminal: Terminal;
  readonly connect: () => Promise<Client>;
  readonly readText: (path: string) => Promise<string>;
  readonly createId: () => string;
  readonly timers: Timers;
}

export interface Command extends Topic {
  /** Of `util.parseArgs`. */
  readonly options: Record<string, { type: 'string' } | { type: 'boolean' }>;
  /** Resolves with the exit code. */
  readonly run: (call: Call) => Promise<number>;
}

const FOLLOW_OPTIONS = { out: { type: 'string' }, detach: { type: 'boolean' } } as const;

const text = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const idOf = ({ words }: Call): string => {
  const [id, ...rest] = words;
  if (id === undefined) throw new UsageError("The task's id is missing; sd-async list shows them");
  if (rest.length > 0) throw new UsageError(`One id at a time, not "${rest.join(' ')}" as well`);
  return id;
};

const noWords = ({ words }: Call): void => {
  if (words.length > 0) throw new UsageError(`What is "${words.join(' ')}" for?`);
};

const followTask = (
  handle: TaskHandle,
  { values, terminal, timers }: Call,
  onInterrupt: FollowOptions['onInterrupt'],
): Promise<number> | number => {
  const isJson = values.json === true;
  if (values.detach === true) {
    const status = handle.latest()?.status ?? null;
    terminal.out(isJson ? JSON.stringify({ id: handle.id, status }) : handle.id);
    return EXIT.done;
  }
  terminal.say(`task ${handle.id}`);
  return follow(handle, { terminal, folder: text(values.out) ?? '.', isJson, onInterrupt, timers });
};

type Send = (client: Client, id: string, signal: AbortSignal) => Promise<TaskHandle>;

/**
 * Until the API has answered, Ctrl-C ends the upload; then it cancels what may have been submitted. The id is made here, so that
 * it is known whatever becomes of the answer.
 */
const start = async (call: Call, id: string, send: Send): Promise<number> => {
  const { terminal, connect } = call;
  const client = await connect();
  const leaving = new AbortController();
  const stopListening = terminal.onInterrupt(() => {
    terminal.say(CANCELING);
    leaving.abort();
  });
  try {
    const handle = await send(client, id, leaving.signal);
    if (!leaving.signal.aborted) {
      stopListening();
      return await followTask(handle, call, 'cancel');
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  } finally {
    stopListening();
  }
  await client.cancel(id).catch((error: unknown) => {
    // What was not submitted is nothing to cancel.
    if (toFailure(error).code !== 'NOT_FOUND') terminal.say(toNotCanceled(id, error));
  });
  return EXIT.interrupted;
};

const submit = (call: Call, input: TaskInput): Promise<number> =>
  start(call, input.id ?? call.createId(), (client, id, signal) =>
    client.submit(
      { ...input, id },
      {
        signal,
        onUpload: ({ field, loaded, total }) => {
          if (loaded === 0) call.terminal.say(`uploading ${field}, ${total} bytes`);
        },
      },
    ),
  );

/** A prompt that is "-" and nothing else is read from standard input. */
const readPrompt = async (
  kind: keyof typeof FIELDS,
  { words, terminal }: Call,
): Promise<readonly string[]> => {
  if (kind === 'upscale') return words;
  const before = words.slice(0, kind === 'img2img' ? 1 : 0);
  const [prompt, ...rest] = words.slice(before.length);
  return prompt === '-' && rest.length === 0 ? [...before, await terminal.readInput()] : words;
};

const making = (
  kind: keyof typeof FIELDS,
  topic: Pick<Topic, 'usage' | 'summary' | 'examples'>,
): Command => ({
  ...{ name: kind, ...topic },
  details: `${toOptionLines(FIELDS[kind])}\n\n${TASK_HELP}\n\n${FOLLOW_HELP}`,
  options: { ...toParseOptions([...FIELDS[kind], ...TASK_FIELDS]), ...FOLLOW_OPTIONS },
  run: async (call) => submit(call, toInput(kind, await readPrompt(kind, call), call.values)),
});

export const COMMANDS: readonly Command[] = [
  making('txt2img', {
    usage: 'txt2img PROMPT|- [options]',
    summary: 'Makes images from a prompt; "-" reads it from standard input',
    examples: [
      'sd-async txt2img "a lighthouse at dusk, oil painting" --steps 30 --seed 7',
      'sd-async txt2img "a harbour" --batch-size 4 --width 768 --out pictures',
      'sd-async txt2img - --out pictures < prompt.txt',
      'sd-async txt2img "a harbour" --hires-scale 1.5 --model v1-5-pruned-emaonly',
    ],
  }),
  making('img2img', {
    usage: 'img2img IMAGE PROMPT|- [options]',
    summary: 'Makes images from an image and a prompt',
    examples: [
      'sd-async img2img photo.png "the same, in winter" --denoising-strength 0.5',
      'sd-async img2img photo.png "a boat" --mask mask.png --width 768 --height 512',
      'sd-async img2img photo.png "a clear sky" --mask mask.png --inpaint-only-masked --inpaint-padding 64',
    ],
  }),
  making('upscale', {
    usage: 'upscale IMAGE [options]',
    summary: 'Enlarges an image',
    examples: ['sd-async upscale seed-7.png --scale 4 --out large'],
  }),
  {
    name: 'submit',
    usage: 'submit FILE|JSON|- [options]',
    summary: "Submits the API's own input, as JSON: a file, the text itself, or standard input",
    details: FOLLOW_HELP,
    examples: [
      'sd-async submit request.json --detach',
      `sd-async submit '{"txt2img": {"prompt": "a harbour", "seed": 7}}'`,
      `echo '{"api": "/sdapi/v1/txt2img", "payload": {"prompt": "a harbour"}}' | sd-async submit -`,
    ],
    options: FOLLOW_OPTIONS,
    run: async (call) => {
      const [source, ...rest] = call.words;
      if (source === undefined || rest.length > 0)
        throw new UsageError('One input is needed: a file, JSON, or "-" for standard input');
      const read = async (): Promise<string> => {
        if (source === '-') return call.terminal.readInput();
        return source.trimStart().startsWith('{') ? source : call.readText(source);
      };
      return submit(call, parseInput(await read()));
    },
  },
  {
    name: 'watch',
    usage: 'watch ID [options]',
    summary: 'Shows a task up to its end and saves its images, also of one that has ended',
    details: `${FOLLOW_HELP.split('\n')[0] ?? ''}\n\nCtrl-C ends the watching alone; the task goes on.`,
    examples: ['sd-async watch 1b4e28ba-2fa1-41d2-883f-0016d3cca427 --out pictures'],
    options: { out: { type: 'string' } },
    run: async (call) => {
      const id = idOf(call);
      return followTask((await call.connect()).task(id), call, 'leave');
    },
  },
  {
    name: 'list',
    usage: 'list [options]',
    summary: 'Lists your tasks, the newest first',
    details: `\
  --status STATUS            only those: QUEUED, RUNNING, CANCELING, SUCCEEDED, FAILED, CANCELED or EXPIRED
  --limit N                  20 unless told`,
    examples: ['sd-async list --status FAILED', "sd-async list --limit 100 --json | jq -r '.id'"],
    options: { status: { type: 'string' }, limit: { type: 'string' } },
    run: async (call) => {
      noWords(call);
      const { values, terminal, connect, timers } = call;
      const limit = Number(text(values.limit) ?? '20');
      if (!Number.isInteger(limit) || limit < 1)
        throw new UsageError('--limit: must be a whole number of tasks');
      const status = text(values.status)?.toUpperCase() as TaskStatus | undefined;
      for await (const task of (await connect()).tasks({ status, limit }))
        terminal.out(values.json === true ? JSON.stringify(toResult(task)) : toRow(task, timers.now()));
      return EXIT.done;
    },
  },
  {
    name: 'cancel',
    usage: 'cancel ID [options]',
    summary: 'Cancels a task',
    details: '',
    examples: ['sd-async cancel 1b4e28ba-2fa1-41d2-883f-0016d3cca427'],
    options: {},
    run: async (call) => {
      const id = idOf(call);
      const task = await (await call.connect()).cancel(id);
      const isJson = call.values.json === true;
      call.terminal.out(isJson ? JSON.stringify(toResult(task)) : toRow(task, call.timers.now()));
      return EXIT.done;
    },
  },
  {
    name: 'retry',
    usage: 'retry ID [options]',
    summary: 'Submits the request of a task that has ended once more, as a new task',
    details: FOLLOW_HELP,
    examples: ['sd-async retry 1b4e28ba-2fa1-41d2-883f-0016d3cca427 --detach'],
    options: FOLLOW_OPTIONS,
    run: async (call) => {
      const id = idOf(call);
      return start(call, call.createId(), (client, newId) => client.retry(id, newId));
    },
  },
  {
    name: 'models',
    usage: 'models [options]',
    summary: 'Lists the checkpoints, samplers, upscalers … that the workers have',
    details: '',
    examples: ['sd-async models', `sd-async models --json | jq -r 'select(.kind == "CHECKPOINT").name'`],
    options: {},
    run: async (call) => {
      noWords(call);
      const models = await (await call.connect()).models();
      for (const { kind, name, workers } of models)
        call.terminal.out(
          call.values.json === true
            ? JSON.stringify({ kind, name, workers })
            : toModelRow({ kind, name, workers }),
        );
      if (models.length === 0) call.terminal.say('No worker has said yet what it has.');
      return EXIT.done;
    },
  },
  {
    name: 'queue',
    usage: 'queue [POOL] [options]',
    summary: 'Tells how busy a pool is, and when a new task would start',
    details: '  POOL                       the default one unless told',
    examples: ['sd-async queue', 'sd-async queue --json | jq .newTaskStartsInSeconds'],
    options: {},
    run: async ({ words: [pool, ...rest], values, terminal, connect }) => {
      if (rest.length > 0) throw new UsageError(`One pool at a time, not "${rest.join(' ')}" as well`);
      const queue = await (await connect()).queue(pool);
      if (values.json === true && (queue || pool === undefined)) terminal.out(JSON.stringify(queue));
      else if (queue) for (const line of toQueueLines(queue)) terminal.out(line);
      else if (pool === undefined) terminal.say('Nobody has looked at the queue yet.');
      else
        throw new UsageError(`Nothing is known of a pool "${pool}": there is none, or nobody has looked yet`);
      return EXIT.done;
    },
  },
];
