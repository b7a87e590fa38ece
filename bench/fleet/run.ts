import type { FleetDecision } from '../../contract/fleet.ts';
import type { PolicyName } from './arguments.ts';
import { lowerBound } from './bound.ts';
import { createOurs } from './policies/ours.ts';
import {
  createAlwaysOn,
  createQueueLength,
  createStepScaling,
  createTargetTracking,
} from './policies/rivals.ts';
import type { Trace } from './trace.ts';
import { percentile, simulate, type Moment, type Outcome, type SimulatedPolicy } from './world.ts';

export interface RunOptions {
  readonly targetWaitSeconds: number;
  readonly min: number;
  readonly pricePerHour: number;
  readonly onDecision?: (at: number, decision: FleetDecision) => void;
}

/** One policy on one trace. Times in seconds. */
export interface Result {
  readonly trace: string;
  readonly policy: PolicyName;
  /** Instances that were always there. */
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  readonly gpuHours: number;
  readonly cost: number;
  readonly launches: number;
  readonly most: number;
  readonly restartedBySpot: number;
  readonly restartedByScaleIn: number;
}

export type Runner = (
  trace: Trace,
  policy: Exclude<PolicyName, 'bound'>,
) => { readonly result: Result; readonly timeline: readonly Moment[] };

export const createRunner = (options: RunOptions): Runner => {
  const { targetWaitSeconds, min } = options;
  const create = (trace: Trace, policy: Exclude<PolicyName, 'bound'>): SimulatedPolicy => {
    const limits = { min, max: trace.max };
    switch (policy) {
      case 'ours': {
        const { onDecision } = options;
        return createOurs({
          ...limits,
          ...{ targetWaitSeconds, instanceType },
          ...(onDecision && { onDecision }),
        });
      }
      case 'step-scaling':
        return createStepScaling({ ...limits, min: Math.max(1, min) });
      case 'target-tracking': {
        const work = trace.arrivals.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0);
        const meanTaskSeconds = work / Math.max(1, trace.arrivals.length);
        return createTargetTracking({
          ...{ ...limits, min: Math.max(1, min) },
          targetWaitSeconds,
          meanTaskSeconds,
        });
      }
      case 'queue-length':
        return createQueueLength(limits);
      case 'always-on':
        return createAlwaysOn(trace);
    }
  };
  return (trace, name) => {
    const policy = create(trace, name);
    const outcome = simulate(trace, policy);
    return {
      result: toResult(trace, { name, min: policy.start, pricePerHour: options.pricePerHour }, outcome),
      timeline: outcome.timeline,
    };
  };
};

const instanceType = 'g5.xlarge';

const toResult = (
  trace: Trace,
  by: { readonly name: Result['policy']; readonly min: number; readonly pricePerHour: number },
  outcome: Outcome,
): Result => {
  const gpuHours = outcome.gpuSeconds / 3600;
  const wait = (share: number): number => percentile(outcome.waits, share);
  return {
    ...{ trace: trace.name, policy: by.name, min: by.min },
    ...{ p50: wait(0.5), p95: wait(0.95), p99: wait(0.99), longest: wait(1) },
    ...{ gpuHours, cost: gpuHours * by.pricePerHour },
    ...{ launches: outcome.launches, most: outcome.most },
    ...{ restartedBySpot: outcome.restartedBySpot, restartedByScaleIn: outcome.restartedByScaleIn },
  };
};

const TARGETS = [900, 600, 450, 300, 240, 180, 120, 90, 60, 45, 30, 20];

/** Ours at the target at which it costs least among those whose p95 is no worse. Undefined: there is none. */
export const runOursAsFast = (
  trace: Trace,
  p95: number,
  options: RunOptions,
): (Result & { readonly targetWaitSeconds: number }) | undefined => {
  const results = TARGETS.map((targetWaitSeconds) => ({
    ...createRunner({ ...options, targetWaitSeconds })(trace, 'ours').result,
    targetWaitSeconds,
  }));
  return results
    .filter((result) => result.p95 <= p95)
    .sort((left, right) => left.gpuHours - right.gpuHours)[0];
};

export interface Bound {
  /** GPU-hours that nobody goes below who is as fast as the result at its p95 … */
  readonly atP95: number;
  /** … and who lets, besides, no more tasks wait longer than its p99, and none longer than its longest wait. */
  readonly atAll: number;
}

export const boundOf = (trace: Trace, { p95, p99, longest }: Result): Bound => {
  const hours = (waitSeconds: number, share: number): number =>
    lowerBound(trace, { waitSeconds, share }) / 3600;
  const atP95 = hours(p95, 0.95);
  return { atP95, atAll: Math.max(atP95, hours(p99, 0.99), hours(longest, 1)) };
};
