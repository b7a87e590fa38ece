import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerBound } from './bound.ts';
import { createOurs } from './policies/ours.ts';
import { createAlwaysOn, createQueueLength, createStepScaling } from './policies/rivals.ts';
import type { Trace } from './trace.ts';
import { percentile, simulate, type SimulatedPolicy } from './world.ts';

const traceOf = (
  arrivals: readonly (readonly [at: number, gpuSeconds: number])[],
  bootSeconds = 100,
): Trace => ({
  ...{ name: 'own', half: 'test', bootSeconds, interruptions: [], max: 4 },
  seconds: (arrivals.at(-1)?.[0] ?? 0) + 1,
  arrivals: arrivals.map(([at, gpuSeconds]) => ({ at, gpuSeconds, megapixelSteps: gpuSeconds })),
});

/** What the shortest slots take off a launch, and rounding off the work. */
const SLACK = 2 * 2 + 3 * 2;

describe('the bound', () => {
  it('is a boot and the work for a single task', () => {
    const bound = lowerBound(traceOf([[50, 40]]), { waitSeconds: 10, share: 1 });
    expect(bound).toBeLessThanOrEqual(140);
    expect(bound).toBeGreaterThanOrEqual(140 - SLACK);
  });

  it('keeps an instance between tasks where that is cheaper than a boot, and ends it where it is not', () => {
    const twice = (gap: number): number =>
      lowerBound(
        traceOf([
          [0, 10],
          [gap, 10],
        ]),
        { waitSeconds: 0, share: 1 },
      );
    expect(twice(60)).toBeLessThanOrEqual(100 + 70);
    expect(twice(60)).toBeGreaterThanOrEqual(100 + 70 - SLACK);
    expect(twice(500)).toBeLessThanOrEqual(2 * 110);
    expect(twice(500)).toBeGreaterThanOrEqual(2 * (110 - SLACK));
  });

  it('has tasks wait for one another where they may', () => {
    const trace = traceOf([
      [0, 10],
      [500, 10],
    ]);
    expect(lowerBound(trace, { waitSeconds: 500, share: 1 })).toBeLessThanOrEqual(120);
  });

  it('needs as many instances as tasks that may not wait', () => {
    const trace = traceOf([
      [0, 50],
      [0, 50],
      [0, 50],
    ]);
    expect(lowerBound(trace, { waitSeconds: 0, share: 1 })).toBeGreaterThanOrEqual(3 * (150 - SLACK));
    expect(lowerBound(trace, { waitSeconds: 200, share: 1 })).toBeLessThanOrEqual(250);
  });

  it('lets one in twenty wait, and does its work all the same', () => {
    // Nineteen within ten minutes, and one at the end of the night.
    const trace = traceOf([
      ...Array.from({ length: 19 }, (_, index) => [30 * index, 20] as const),
      [40_000, 20],
    ]);
    const all = lowerBound(trace, { waitSeconds: 30, share: 1 });
    const most = lowerBound(trace, { waitSeconds: 30, share: 0.95 });
    expect(all - most).toBeGreaterThan(50);
    expect(most).toBeGreaterThanOrEqual(20 * 20);
  });

  it('sinks as waits grow', () => {
    const trace = traceOf(Array.from({ length: 40 }, (_, index) => [45 * index, 5 + (index % 7)] as const));
    const bounds = [0, 20, 60, 150, 400].map((waitSeconds) => lowerBound(trace, { waitSeconds, share: 1 }));
    expect(bounds).toEqual(bounds.toSorted((left, right) => right - left));
  });
});

const POLICIES: Readonly<Record<string, (trace: Trace) => SimulatedPolicy>> = {
  ours: ({ max }) => createOurs({ targetWaitSeconds: 120, instanceType: 'g5.xlarge', min: 0, max }),
  'step scaling': ({ max }) => createStepScaling({ min: 1, max }),
  'queue length': ({ max }) => createQueueLength({ min: 0, max }),
  'always on': createAlwaysOn,
};

const anyTrace = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 1, max: 120 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((arrivals) => traceOf(arrivals.sort(([left], [right]) => left - right)));

describe.each(Object.entries(POLICIES))('what %s costs', (_name, create) => {
  it('is never below the bound for its own waits', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const { waits, gpuSeconds } = simulate(trace, create(trace));
        // Who is there when the trace begins has booted before it, and was not charged for that.
        const booted = create(trace).start * trace.bootSeconds;
        for (const share of [0.5, 0.95, 1]) {
          const bound = lowerBound(trace, { waitSeconds: percentile(waits, share), share, states: 500_000 });
          expect(gpuSeconds + booted).toBeGreaterThanOrEqual(bound - 1e-6);
        }
      }),
      { numRuns: 25 },
    );
  });
});
