import { describe, expect, it } from 'vitest';
import { ApiError } from './errors.ts';
import { openTaskWatch } from './task-watch.ts';
import type { Task } from './task-handle.ts';
import type { SubscriptionListener, Transport } from './transport.ts';

const taskOf = (version: number, changes: Partial<Task> = {}): Task =>
  ({ id: 't', version, status: 'QUEUED', isTerminal: false, ...changes }) as Task;

interface World {
  now: number;
  asked: number[];
  task: Task;
  refusal: ApiError | undefined;
}

/** A watch in a time of its own: `pass` lets it go by and answers after how many seconds the task was asked for. */
const open = () => {
  const world: World = { now: 0, asked: [], task: taskOf(1), refusal: undefined };
  let timer: { readonly at: number; readonly run: () => void } | undefined;
  let listener: SubscriptionListener | undefined;
  const watch = openTaskWatch(
    't',
    {
      get: () => {
        world.asked.push(world.now / 1000);
        return world.refusal ? Promise.reject(world.refusal) : Promise.resolve(world.task);
      },
      subscribe: (_id: string, given: SubscriptionListener) => {
        listener = given;
        return () => undefined;
      },
    } as unknown as Transport,
    {
      setTimeout: (run, ms) => (timer = { at: world.now + ms, run }),
      clearTimeout: () => (timer = undefined),
    },
  );
  if (!listener) throw new Error('A watch subscribes');
  const pass = async (seconds: number): Promise<readonly number[]> => {
    const until = world.now + seconds * 1000;
    world.asked = [];
    while (timer && timer.at <= until) {
      const due: { readonly at: number; readonly run: () => void } = timer;
      timer = undefined;
      world.now = due.at;
      due.run();
      await new Promise(setImmediate);
    }
    world.now = until;
    return world.asked;
  };
  return { watch, world, pass, push: listener };
};

describe('a watch', () => {
  it('asks after ever longer silences while its subscription stands', async () => {
    const { pass, push } = open();
    push.onStart();
    await pass(0);
    expect(await pass(240)).toEqual([15, 45, 105, 165, 225]);
  });

  it('asks every quarter of a minute once its subscription was lost, until it stands again', async () => {
    const { pass, push } = open();
    push.onStart();
    await pass(60);
    push.onLost();
    expect(await pass(60)).toEqual([75, 90, 105, 120]);
    push.onLost();
    push.onStart();
    await pass(0);
    expect(await pass(120)).toEqual([135, 165, 225]);
  });

  it('asks at once when its subscription was ended, and gives up only where asking is of no use', async () => {
    const { watch, world, pass, push } = open();
    push.onEnd();
    expect(world.asked).toEqual([0]);
    world.refusal = new ApiError('UnauthorizedException', 'The token has expired.');
    push.onEnd();
    await pass(60);
    expect(watch.failure()).toBe(world.refusal);
    expect(await pass(60)).toEqual([]);
  });

  it('learns the end from an answer where nothing is pushed, and asks no more', async () => {
    const { watch, world, pass } = open();
    world.task = taskOf(5, { status: 'SUCCEEDED', isTerminal: true });
    expect(await pass(300)).toEqual([15]);
    expect(watch.latest()).toMatchObject({ version: 5, status: 'SUCCEEDED' });
  });

  it('keeps the newest of what comes in any order', () => {
    const { watch, push } = open();
    for (const version of [2, 4, 3]) push.onTask(taskOf(version));
    expect(watch.latest()?.version).toBe(4);
  });
});
