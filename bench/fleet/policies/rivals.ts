import type { Trace } from '../trace.ts';
import type { SimulatedInstance, SimulatedPolicy, View } from '../world.ts';

/* What else one could deploy. Each runs on the same workers, with the same boot time; only who is launched and when differs. */

export interface RivalOptions {
  /** Instances that are always there. */
  readonly min: number;
  readonly max: number;
}

const ready = ({ instances }: View): readonly SimulatedInstance[] =>
  instances.filter(({ readyAt, leaving }) => readyAt !== undefined && leaving === undefined);
const busyShare = (view: View): number => {
  const inService = ready(view);
  return inService.length === 0 ? 0 : inService.filter(({ task }) => task).length / inService.length;
};

const within = ({ min, max }: RivalOptions, count: number): number => Math.min(max, Math.max(min, count));

const CPU_TARGET = 0.7;
/** Assumed of a worker at work: the process that feeds the GPU keeps one of a g5.xlarge's four cores busy. */
const CPU_OF_WORK = 0.25;
/** Minutes that a target-tracking policy's alarms look at before capacity is raised, and before it is lowered. */
const OUT_MINUTES = 3;
const IN_MINUTES = 15;
/** It is lowered only where the metric is clearly below its target. */
const IN_MARGIN = 0.9;

/**
 * As Auto Scaling keeps a metric at its target: in proportion, quickly up and slowly down. What boots is part of the capacity,
 * and not of what the metric is multiplied with.
 */
const createTracking = (target: number) => {
  let recent: number[] = [];
  return (metric: number, inService: number, desired: number): number => {
    recent = [...recent, metric].slice(-IN_MINUTES);
    const wanted = Math.ceil((inService * metric) / target - 1e-9);
    const out = recent.slice(-OUT_MINUTES);
    if (out.length === OUT_MINUTES && out.every((value) => value > target)) return Math.max(desired, wanted);
    const isLow = recent.length === IN_MINUTES && recent.every((value) => value < IN_MARGIN * target);
    return isLow ? Math.min(desired, wanted) : desired;
  };
};

export interface StepScalingOptions extends RivalOptions {
  /** 1: the CPU shows what the GPU does, which is more than the original had. */
  readonly cpuOfWork?: number;
}

/**
 * The original's: nothing for 1 to 9 queued tasks, one more for 10 or more, two for 50, three for 100; one fewer when the queue
 * is empty; beside them a policy that keeps the CPU at 70 %, of which a busy worker uses a quarter: it never launches anything. One instance is always there,
 * since from none no alarm would ever start one. What it ends may be busy. While something boots nothing more is launched (the
 * warm-up of step scaling).
 */
export const createStepScaling = (given: StepScalingOptions): SimulatedPolicy => {
  const options = { cpuOfWork: CPU_OF_WORK, ...given };
  const track = createTracking(CPU_TARGET);
  return {
    start: options.min,
    passSeconds: 60,
    scaleIn: 'kill',
    pass: (view) => {
      const { queue, desired, instances } = view;
      const byCpu = track(options.cpuOfWork * busyShare(view), ready(view).length, desired);
      const isBooting = instances.some(({ readyAt }) => readyAt === undefined);
      const step = queue.length >= 100 ? 3 : queue.length >= 50 ? 2 : queue.length >= 10 ? 1 : 0;
      const bySteps = step > 0 && !isBooting ? desired + step : desired;
      const raised = Math.max(bySteps, isBooting ? desired : byCpu);
      if (raised > desired) return within(options, raised);
      // Where several policies speak, the group is lowered by none that another one contradicts.
      return within(options, queue.length === 0 && byCpu <= desired ? desired - 1 : desired);
    },
  };
};

/** What AWS recommends for a queue: so many messages per instance as are done within the acceptable wait. */
export const createTargetTracking = (
  options: RivalOptions & { readonly targetWaitSeconds: number; readonly meanTaskSeconds: number },
): SimulatedPolicy => {
  const track = createTracking(options.targetWaitSeconds / options.meanTaskSeconds);
  return {
    start: options.min,
    passSeconds: 60,
    scaleIn: 'drain',
    pass: (view) => {
      const inService = Math.max(1, ready(view).length);
      return within(options, track(view.queue.length / inService, inService, view.desired));
    },
  };
};

/**
 * KEDA's scaler of queues, in flight included, with the defaults of it and of the autoscaler it feeds: five tasks per instance,
 * looked at every 30 s; lowered to the most that the last five minutes called for; to none after five minutes without anything.
 */
export const createQueueLength = (options: RivalOptions): SimulatedPolicy => {
  const [perInstance, cooldownSeconds, stabilizationSeconds] = [5, 300, 300];
  let recent: { readonly at: number; readonly wanted: number }[] = [];
  let activeAt = -Infinity;
  return {
    start: options.min,
    passSeconds: 30,
    scaleIn: 'drain',
    pass: ({ now, queue, instances, desired }) => {
      const length = queue.length + instances.filter(({ task }) => task).length;
      if (length > 0) activeAt = now;
      const wanted = Math.ceil(length / perInstance);
      recent = [...recent, { at: now, wanted }].filter(({ at }) => now - at < stabilizationSeconds);
      if (length === 0 && now - activeAt >= cooldownSeconds) return within(options, 0);
      const most = Math.max(desired === 0 && length === 0 ? 0 : 1, ...recent.map((one) => one.wanted));
      return within(options, Math.max(wanted, Math.min(desired, most)));
    },
  };
};

/** As many as the busiest quarter of an hour needs, all day: what one buys who plans. */
export const createAlwaysOn = (trace: Trace): SimulatedPolicy => {
  const windowSeconds = 900;
  const work = new Map<number, number>();
  for (const { at, gpuSeconds } of trace.arrivals) {
    const slot = Math.floor(at / windowSeconds);
    work.set(slot, (work.get(slot) ?? 0) + gpuSeconds);
  }
  const count = Math.max(1, Math.ceil(Math.max(0, ...work.values()) / windowSeconds));
  return { start: count, passSeconds: 3600, scaleIn: 'drain', pass: () => count };
};
