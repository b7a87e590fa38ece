import { describe, expect, it } from 'vitest';
import type { Queue } from '../index.ts';
import { toQueueLines } from './format.ts';

const QUEUE: Queue = {
  ...{ pool: 'default', asOf: '2026-01-02T03:04:05.678Z', ageSeconds: 12.4, queued: 12, running: 3 },
  ...{ oldestSeconds: 300, gpuSeconds: 312.4, newTaskStartsInSeconds: 52.4, targetWaitSeconds: 300 },
  instances: { desired: 4, min: 0, max: 8, booting: 1, ready: 0, busy: 3, draining: 0 },
};

describe('a queue', () => {
  it('is told line by line, the start of a new task as of now', () => {
    expect(toQueueLines(QUEUE)).toEqual([
      'pool         default',
      'waiting      12',
      'running      3',
      'oldest       waits for 5 min',
      'GPU-seconds  312',
      'instances    1 booting, 0 ready, 3 busy, 0 draining',
      '             4 wanted, of 0 to 8',
      'new task     would start in 40 s',
      'as of        2026-01-02 03:04:05, 12 s ago',
    ]);
  });

  it.each([
    [{ oldestSeconds: null }, 'oldest       nobody waits'],
    [{ newTaskStartsInSeconds: null }, 'new task     nobody will come as things are'],
    [{ newTaskStartsInSeconds: 0 }, 'new task     would start at once'],
  ])('that is %j says so in words', (change, line) => {
    expect(toQueueLines({ ...QUEUE, ...change })).toContain(line);
  });
});
