import { describe, expect, it } from 'vitest';
import { isRecent, recentOf } from './recent.ts';

describe('what a worker knows of its last five minutes', () => {
  it('is how many tasks it had, and the part of the time in which it had one', () => {
    const spans = [
      { from: 500, to: 600 },
      { from: 690, to: 760 },
      { from: 900, to: 930 },
      { from: 980, to: Infinity },
    ];
    // From 700 to 1000: 60 of the second, 30 of the third, 20 of the one that goes on.
    expect(recentOf(spans, 100, 1000)).toEqual({ recentTasks: 3, busyShare: 110 / 300 });
    expect(spans.map((span) => isRecent(span, 1000))).toEqual([false, true, true, true]);
  });

  it('is no share before it has been up for as long', () => {
    expect(recentOf([{ from: 900, to: 950 }], 701, 1000)).toEqual({ recentTasks: 1 });
    expect(recentOf([], 700, 1000)).toEqual({ recentTasks: 0, busyShare: 0 });
  });
});
