import { describe, expect, it } from 'vitest';
import { createFakeClock, settled } from '../test/fakes.ts';
import { ApiError, NetworkError } from './errors.ts';
import { createRetry, pauseMs } from './retry.ts';

const failing = (times: number, error: Error) => {
  let calls = 0;
  return {
    call: () => {
      calls += 1;
      return calls > times ? Promise.resolve('done') : Promise.reject(error);
    },
    calls: () => calls,
  };
};

describe('a call that is tried again', () => {
  it('pauses twice as long after every failure, half of it by chance', () => {
    expect([0, 1, 2, 3].map((failures) => pauseMs(failures, () => 0))).toEqual([250, 500, 1000, 2000]);
    expect([0, 1, 2, 3].map((failures) => pauseMs(failures, () => 1))).toEqual([500, 1000, 2000, 4000]);
    expect(pauseMs(30, () => 1, 60_000)).toBe(60_000);
  });

  it('is answered in the end, or throws what it met last', async () => {
    const clock = createFakeClock();
    const retry = createRetry({ timers: clock.timers, random: () => 1 });
    const [short, long] = [failing(5, new NetworkError('away')), failing(9, new NetworkError('away'))];
    const results = Promise.allSettled([retry(short.call), retry(long.call)]);
    await settled();
    await clock.advance(15_500);
    expect(await results).toMatchObject([{ value: 'done' }, { reason: { name: 'NetworkError' } }]);
    expect([short.calls(), long.calls()]).toEqual([6, 6]);
  });

  it('is not repeated where that can change nothing', async () => {
    const { call, calls } = failing(1, new ApiError('CONFLICT', 'taken'));
    const retry = createRetry({ timers: createFakeClock().timers, random: () => 1 });
    await expect(retry(call)).rejects.toThrow('taken');
    expect(calls()).toBe(1);
  });

  it('ends with the client', async () => {
    const closing = new AbortController();
    const clock = createFakeClock();
    const retry = createRetry({ timers: clock.timers, random: () => 1, signal: closing.signal });
    const running = retry(failing(9, new NetworkError('away')).call);
    await settled();
    closing.abort(new Error('closed'));
    await expect(running).rejects.toThrow('closed');
    expect(clock.pending()).toBe(0);
  });
});
