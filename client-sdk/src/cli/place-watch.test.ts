import { describe, expect, it } from 'vitest';
import { createFakeClock, settled, toTask } from '../../test/fakes.ts';
import type { Task } from '../index.ts';
import { createPlaceWatch, PLACE_MS } from './place-watch.ts';

const queuedAt = (queuePosition: number): Task =>
  toTask('a', 1, { status: 'QUEUED', estimate: { queuePosition, startsAt: null, eta: null } });

/** Each question is answered when the test does. */
const setUp = () => {
  const clock = createFakeClock();
  const questions: { answer: (task: Task) => void; fail: (error: Error) => void }[] = [];
  const told: (number | undefined)[] = [];
  const watch = createPlaceWatch({
    ask: () => new Promise((answer, fail) => void questions.push({ answer, fail })),
    onTask: ({ estimate }) => told.push(estimate?.queuePosition),
    timers: clock.timers,
  });
  return { clock, questions, told, watch };
};

describe('the place of a task', () => {
  it('is asked for ten seconds after it was told, as long as the task waits', async () => {
    const { clock, questions, told, watch } = setUp();
    watch.see(queuedAt(3));
    await clock.advance(PLACE_MS - 1);
    expect(questions).toEqual([]);
    await clock.advance(1);
    questions[0]?.answer(queuedAt(2));
    await settled();
    await clock.advance(PLACE_MS);
    questions[1]?.answer(toTask('a', 2));
    await settled();
    expect([told, questions.length, clock.pending()]).toEqual([[2], 2, 0]);
    // A worker died, and it waits again.
    watch.see(queuedAt(1));
    expect(clock.pending()).toBe(1);
  });

  it('is asked for again where it could not be had', async () => {
    const { clock, questions, told, watch } = setUp();
    watch.see(queuedAt(3));
    await clock.advance(PLACE_MS);
    questions[0]?.fail(new Error('No answer'));
    await settled();
    await clock.advance(PLACE_MS);
    questions[1]?.answer(queuedAt(1));
    await settled();
    expect(told).toEqual([1]);
  });

  it.each<[string, (watch: ReturnType<typeof createPlaceWatch>) => void]>([
    ['was taken', (watch) => watch.see({ status: 'RUNNING' })],
    ['is followed no more', (watch) => watch.stop()],
  ])('is of no interest once the task %s, whatever is answered then', async (_what, end) => {
    const { clock, questions, told, watch } = setUp();
    watch.see(queuedAt(3));
    await clock.advance(PLACE_MS);
    end(watch);
    questions[0]?.answer(queuedAt(2));
    await settled();
    expect([told, clock.pending()]).toEqual([[], 0]);
  });

  it('is not asked for by whoever has stopped, even if another snapshot comes', () => {
    const { clock, watch } = setUp();
    watch.see(queuedAt(3));
    watch.stop();
    watch.see(queuedAt(2));
    expect(clock.pending()).toBe(0);
  });
});
