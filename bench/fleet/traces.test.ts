import { describe, expect, it } from 'vitest';
import { createTraces, PATTERNS, VARIANTS } from './traces.ts';

describe('the traces', () => {
  const traces = createTraces({ seed: 1, hours: 24 });
  const named = (name: string) => {
    const trace = traces.find((one) => one.name === name);
    if (!trace) throw new Error(`There is no ${name}`);
    return trace;
  };

  it('are the same for the same seed, and others for another', () => {
    const [short, again, other] = [1, 1, 2].map((seed) => createTraces({ seed, hours: 1 }));
    expect(short).toEqual(again);
    expect(short).not.toEqual(other);
  });

  it('are of every pattern, one half to choose parameters by and the other to judge them', () => {
    expect(traces).toHaveLength(PATTERNS.length * VARIANTS);
    expect(traces.filter(({ half }) => half === 'train')).toHaveLength(traces.length / 2);
  });

  it('ask for about as much work as they say', () => {
    const load = ({ arrivals, seconds }: (typeof traces)[number]): number =>
      arrivals.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0) / seconds;
    expect(load(named('steady-2'))).toBeCloseTo(3, 0);
    expect(load(named('heavy-tailed-3'))).toBeCloseTo(1.2, 0);
  });

  it('have nobody at night where nights are dead, and few tasks with most of the work where tails are heavy', () => {
    const hours = named('dead-nights-1').arrivals.map(({ at }) => at / 3600);
    expect(hours.filter((hour) => hour < 7 || hour >= 22)).toEqual([]);
    const sizes = named('heavy-tailed-1')
      .arrivals.map(({ gpuSeconds }) => gpuSeconds)
      .sort((left, right) => right - left);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect(sum(sizes.slice(0, sizes.length / 10)) / sum(sizes)).toBeGreaterThan(0.5);
  });
});
