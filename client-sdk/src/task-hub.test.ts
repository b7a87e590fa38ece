import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeApi, createFakeClock, settled, toSucceeded, toTask } from '../test/fakes.ts';
import { ApiError, NetworkError, UnauthorizedError } from './errors.ts';
import type { Task } from './task.ts';
import { createTaskHub, type TaskHub } from './task-hub.ts';

let api: ReturnType<typeof createFakeApi>;
let clock: ReturnType<typeof createFakeClock>;
let hub: TaskHub;

beforeEach(() => {
  api = createFakeApi();
  clock = createFakeClock();
  hub = createTaskHub({ transport: api.transport, timers: clock.timers, random: () => 0 });
});

/** What a watch was told, and how it is now. */
const observe = (id: string, known?: Task) => {
  const watch = hub.watch(id, { known });
  const versions: number[] = [];
  const errors: ApiError[] = [];
  watch.listen({
    onTask: ({ version }) => versions.push(version),
    onError: (error) => errors.push(error),
  });
  return { watch, versions, errors };
};

const calls = (): string[] => api.calls.splice(0);

describe('one subscription', () => {
  it('serves any number of watches, from the first to the last', () => {
    const watches = ['a', 'b', 'c'].map((id) => observe(id, toTask(id, 1)));
    for (const { watch } of watches) watch.close();
    expect(calls()).toEqual(['subscribe', 'unsubscribe']);
    expect(clock.pending()).toBe(0);
  });

  it('tells each watch of its own task', () => {
    const [a, b] = [observe('a', toTask('a', 1)), observe('b', toTask('b', 1))];
    api.put(toTask('a', 2));
    api.put(toTask('stranger', 9));
    api.put(toSucceeded('b', 3));
    expect([a.versions, b.versions]).toEqual([[2], [3]]);
  });

  it('is closed when the last task has ended', () => {
    observe('a', toTask('a', 1));
    api.put(toSucceeded('a', 2));
    expect(calls()).toEqual(['subscribe', 'unsubscribe']);
  });

  it('is opened again after a pause when it ends, and asks for what was missed', async () => {
    const { versions } = observe('a', toTask('a', 1));
    api.end(new ApiError('BAD_REQUEST', 'Connection failed: LimitExceededError'));
    api.put(toTask('a', 2), false);
    await clock.advance(1000);
    api.acknowledge();
    await settled();
    expect(calls()).toEqual(['subscribe', 'unsubscribe', 'subscribe', 'get a']);
    expect(versions).toEqual([2]);
  });

  it('is opened once more with fresh credentials, then the watches end', async () => {
    const { errors } = observe('a', toTask('a', 1));
    const refusal = new UnauthorizedError('UnauthorizedException', 'Token has expired.');
    api.end(refusal);
    await clock.advance(0);
    expect(calls()).toEqual(['subscribe', 'unsubscribe', 'subscribe']);
    api.acknowledge();
    api.end(refusal);
    await clock.advance(0);
    expect(errors).toEqual([]);
    api.end(refusal);
    expect(errors).toEqual([refusal]);
    expect(clock.pending()).toBe(0);
  });

  it('ends the watches where the runtime has no WebSocket: asking now and then would pass for working', () => {
    const { errors } = observe('a', toTask('a', 1));
    api.end(new ApiError('NO_WEBSOCKET', 'install the package "ws"'));
    expect(errors).toMatchObject([{ code: 'NO_WEBSOCKET' }]);
  });

  it('is replaced when it says nothing although there is news', async () => {
    observe('a', toTask('a', 1));
    api.put(toTask('a', 1));
    api.acknowledge();
    await settled();
    calls();
    api.put(toTask('a', 2), false);
    await clock.advance(15_000);
    expect(calls()).toEqual(['get a', 'unsubscribe', 'subscribe']);
  });
});

describe('a watch', () => {
  it('never goes backwards, and hears nothing twice', () => {
    const { watch, versions } = observe('a', toTask('a', 2));
    for (const version of [4, 3, 4, 2, 5, 5]) api.push(toTask('a', version));
    watch.merge(toTask('a', 4));
    expect(versions).toEqual([4, 5]);
    expect(watch.latest()?.version).toBe(5);
  });

  it('asks at once where nothing is known, and again when the subscription stands', async () => {
    api.put(toTask('a', 1));
    const { versions } = observe('a');
    await settled();
    api.put(toTask('a', 2), false);
    api.acknowledge();
    await settled();
    expect(calls()).toEqual(['subscribe', 'get a', 'get a']);
    expect(versions).toEqual([1, 2]);
  });

  it('asks where it joins a subscription that stands', async () => {
    observe('a', toTask('a', 1));
    api.acknowledge();
    await settled();
    calls();
    observe('b', toTask('b', 1));
    await settled();
    expect(calls()).toEqual(['get b']);
  });

  it('asks after 15 s of silence, then 30, then 60, and from the start again once there was news', async () => {
    observe('a', toTask('a', 1));
    api.tasks.set('a', toTask('a', 1));
    const askedAt: number[] = [];
    for (let second = 1; second <= 230; second += 1) {
      await clock.advance(1000);
      if (calls().includes('get a')) askedAt.push(second);
      if (second === 170) api.put(toTask('a', 2));
    }
    expect(askedAt).toEqual([15, 45, 105, 165, 185, 215]);
  });

  it('asks as soon as a sleeping machine wakes up', async () => {
    const { versions } = observe('a', toTask('a', 1));
    api.put(toSucceeded('a', 7), false);
    await clock.sleep(20 * 60_000);
    expect(versions).toEqual([7]);
  });

  it('asks when a page is shown again', async () => {
    const { versions } = observe('a', toTask('a', 1));
    api.put(toTask('a', 2), false);
    hub.refresh();
    await settled();
    expect(versions).toEqual([2]);
  });

  it.each([
    ['only some of the fields', { id: 'a', version: 2 }],
    ['SUCCEEDED without its images', { ...toSucceeded('a', 2), images: null }],
    [
      'SUCCEEDED without a URL',
      { ...toTask('a', 2), status: 'SUCCEEDED' as const, isTerminal: true, images: [] },
    ],
    ['FAILED without its error', { ...toTask('a', 2), status: 'FAILED' as const, isTerminal: true }],
    ['null', null],
  ])('takes an event for a hint to ask where it holds %s', async (_name, event) => {
    const { versions } = observe('a', toTask('a', 1));
    api.put(toSucceeded('a', 2), false);
    api.push(event);
    expect(versions).toEqual([]);
    await settled();
    expect(versions).toEqual([2]);
  });

  it('ends with a state that it has never heard of', () => {
    const { watch, versions } = observe('a', toTask('a', 1));
    api.put(toTask('a', 2, { status: 'PARTLY_DONE' as Task['status'], isTerminal: true }));
    expect(versions).toEqual([2]);
    expect(watch.failure()).toBeUndefined();
    expect(calls()).toEqual(['subscribe', 'unsubscribe']);
  });

  it('ends with NOT_FOUND when the task is twice not there', async () => {
    const { errors } = observe('a');
    await settled();
    expect(errors).toEqual([]);
    await clock.advance(2000);
    expect(errors).toMatchObject([{ code: 'NOT_FOUND', taskId: 'a' }]);
  });

  it('waits for a task whose submit is under way', async () => {
    const watch = hub.watch('a', { isPending: true });
    api.acknowledge();
    await clock.advance(120_000);
    expect(watch.failure()).toBeUndefined();
    watch.merge(toTask('a', 1));
    api.put(toSucceeded('a', 2));
    expect(watch.latest()?.status).toBe('SUCCEEDED');
  });

  it('outlives an API that is away, asking ever less often', async () => {
    const { versions, errors } = observe('a', toTask('a', 1));
    api.fail(new NetworkError('away'));
    await clock.advance(10 * 60_000);
    const asked = calls().filter((call) => call === 'get a').length;
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(30);
    api.fail(undefined);
    api.put(toSucceeded('a', 2), false);
    await clock.advance(60_000);
    expect([versions, errors]).toEqual([[2], []]);
  });

  it('ends where the API refuses to answer', async () => {
    const { errors } = observe('a', toTask('a', 1));
    api.fail(new UnauthorizedError('UnauthorizedException', 'no'));
    await clock.advance(15_000);
    expect(errors).toMatchObject([{ name: 'UnauthorizedError' }]);
  });

  it('shares what is known with another of the same task', () => {
    const first = observe('a', toTask('a', 1));
    const second = observe('a');
    api.put(toTask('a', 2));
    expect([first.versions, second.versions]).toEqual([[2], [2]]);
    first.watch.close();
    api.put(toTask('a', 3));
    expect(second.versions).toEqual([2, 3]);
    expect(calls()).toEqual(['subscribe']);
  });
});

describe('many watches', () => {
  it('are asked for page by page, and one by one only where the pages do not hold them', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`);
    for (const id of ids) api.tasks.set(id, toTask(id, 2));
    const watches = ids.map((id) => observe(id, toTask(id, 1)));
    // Newer ones, of other clients of the same owner.
    for (let index = 0; index < 50; index += 1) api.tasks.set(`other${index}`, toTask(`other${index}`, 1));
    calls();
    api.acknowledge();
    await settled();
    expect(calls()).toEqual(['list', 'list', 'list']);
    expect(watches.every(({ versions }) => versions.join() === '2')).toBe(true);
    // All fall silent together.
    await clock.advance(15_000);
    expect(calls()).toEqual(['list', 'list', 'list']);
  });

  it('ask one batch at a time: what falls due meanwhile is in the next one', async () => {
    const watches = ['a', 'b'].map((id) => observe(id, toTask(id, 1)));
    api.acknowledge();
    api.acknowledge();
    api.push({ id: 'a' });
    await settled();
    expect(calls()).toEqual(['subscribe', 'get a', 'get b']);
    expect(watches.flatMap(({ errors }) => errors)).toEqual([]);
  });
});

describe('closing', () => {
  it('ends every watch, the subscription and the timers, and lets nothing begin again', async () => {
    const { errors } = observe('a', toTask('a', 1));
    hub.close();
    expect(errors).toMatchObject([{ name: 'ClosedError' }]);
    expect(calls()).toEqual(['subscribe', 'unsubscribe']);
    expect(clock.pending()).toBe(0);
    expect(() => hub.watch('b')).toThrow('The client is closed.');
    await settled();
    expect(calls()).toEqual([]);
  });
});
