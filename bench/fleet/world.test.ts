import { describe, expect, it } from 'vitest';
import { createOurs } from './policies/ours.ts';
import type { Trace } from './trace.ts';
import { percentile, simulate, type SimulatedPolicy } from './world.ts';

const traceOf = (
  arrivals: readonly (readonly [at: number, gpuSeconds: number])[],
  more: Partial<Trace> = {},
): Trace => ({
  ...{ name: 'own', half: 'test', bootSeconds: 100, interruptions: [], max: 10, seconds: 1000 },
  arrivals: arrivals.map(([at, gpuSeconds]) => ({ at, gpuSeconds, megapixelSteps: gpuSeconds })),
  ...more,
});

const fixed = (count: number, more: Partial<SimulatedPolicy> = {}): SimulatedPolicy => ({
  ...{ start: count, passSeconds: 60, scaleIn: 'drain', pass: () => count },
  ...more,
});

describe('the simulated fleet', () => {
  it('has tasks wait their turn, and pays for the whole day of an instance that is always on', () => {
    const outcome = simulate(
      traceOf([
        [10, 30],
        [10, 30],
        [100, 30],
      ]),
      fixed(1),
    );
    expect(outcome.waits).toEqual([0, 30, 0]);
    expect(outcome).toMatchObject({ gpuSeconds: 1000, workSeconds: 90, launches: 1, most: 1 });
  });

  it('has tasks wait for a boot, and pays for it', () => {
    const create = () => createOurs({ targetWaitSeconds: 300, instanceType: 'g5.xlarge', min: 0, max: 10 });
    const outcome = simulate(traceOf([[10, 30]]), create());
    expect(outcome.waits).toEqual([100]);
    expect(outcome.gpuSeconds).toBeGreaterThanOrEqual(130);
    expect(outcome.gpuSeconds).toBeLessThan(130 + 60);
  });

  it('replaces what EC2 takes back, and begins again what did not fit into the notice', () => {
    const interrupted = traceOf([[0, 300]], { interruptions: [10] });
    // Told at 10, given back at once; the successor is launched at 130 and ready at 230.
    expect(simulate(interrupted, fixed(1))).toMatchObject({ waits: [230], restartedBySpot: 1, launches: 2 });
    const finished = traceOf([[0, 100]], { interruptions: [10] });
    expect(simulate(finished, fixed(1))).toMatchObject({ waits: [0], restartedBySpot: 0, launches: 2 });
  });

  it('lets an instance that a policy ends finish what it has, or not', () => {
    const trace = traceOf([[50, 100]]);
    const pass = ({ now }: { now: number }): number => (now === 60 ? 0 : 1);
    expect(simulate(trace, fixed(1, { pass }))).toMatchObject({ waits: [0], restartedByScaleIn: 0 });
    const killed = simulate(trace, fixed(1, { pass, scaleIn: 'kill' }));
    // Ended at 60, launched again at 120, ready at 220, where all of it begins anew.
    expect(killed).toMatchObject({ waits: [170], restartedByScaleIn: 1 });
  });

  it('is the same every time', () => {
    const trace = traceOf(Array.from({ length: 60 }, (_, index) => [7 * index, 11] as const));
    const run = () =>
      simulate(trace, createOurs({ targetWaitSeconds: 60, instanceType: 'g5.xlarge', min: 0, max: 9 }));
    expect(run()).toEqual(run());
  });
});

describe('a percentile', () => {
  it('is the wait that so large a share did not exceed', () => {
    const waits = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.95, 1].map((share) => percentile(waits, share))).toEqual([50, 95, 100]);
    expect(percentile([], 0.5)).toBe(0);
  });
});
