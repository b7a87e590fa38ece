import { describe, expect, it } from 'vitest';
import type { WorkerNews } from '../observe.ts';
import { createActivity } from './activity.ts';

const start = () => {
  let now = 0;
  const activity = createActivity({ now: () => now * 1000 });
  return {
    at: (seconds: number, kind: WorkerNews['kind'], event = 'succeed') => {
      now = seconds;
      activity.observe({ kind, taskId: 't', reason: 'r', gapMs: 0, event } as unknown as WorkerNews);
    },
    idleAt: (seconds: number) => {
      now = seconds;
      return activity.idle();
    },
  };
};

describe('what a worker knows of itself', () => {
  it('is nothing before it is ready, and since when it has been idle then', () => {
    const { at, idleAt } = start();
    expect(idleAt(10)).toBeUndefined();
    at(100, 'worker:ready');
    expect(idleAt(130)).toEqual({ idleSeconds: 30, recentTasks: 0 });
    expect(idleAt(400)).toEqual({ idleSeconds: 300, recentTasks: 0, busyShare: 0 });
  });

  it('is that it is not idle while it works, and how much it worked lately', () => {
    const { at, idleAt } = start();
    at(0, 'worker:ready');
    at(100, 'job:started');
    expect(idleAt(150)).toBeUndefined();
    at(160, 'job:ended');
    at(160, 'job:started');
    at(220, 'job:ended');
    expect(idleAt(300)).toEqual({ idleSeconds: 80, recentTasks: 2, busyShare: 0.4 });
    // The first has left the window by half.
    expect(idleAt(430)?.busyShare).toBeCloseTo(90 / 300);
  });

  it.each(['webui:restarted', 'worker:unhealthy', 'worker:draining'] as const)('ends with %s', (kind) => {
    const { at, idleAt } = start();
    at(0, 'worker:ready');
    at(10, kind);
    expect(idleAt(20)).toBeUndefined();
  });

  it('is not idle right after it gave a task back, which comes again', () => {
    const { at, idleAt } = start();
    at(0, 'worker:ready');
    at(10, 'job:started');
    at(20, 'job:ended');
    at(21, 'attempt:ended', 'retry');
    expect(idleAt(100)).toBeUndefined();
    expect(idleAt(111)?.idleSeconds).toBe(91);
    at(120, 'attempt:ended', 'succeed');
    expect(idleAt(121)?.idleSeconds).toBe(101);
  });

  it('counts a worker that was ready again as up since it first was', () => {
    const { at, idleAt } = start();
    at(0, 'worker:ready');
    at(10, 'webui:restarted');
    at(40, 'worker:ready');
    expect(idleAt(310)).toEqual({ idleSeconds: 270, recentTasks: 0, busyShare: 0 });
  });
});
