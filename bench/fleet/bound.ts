import type { Trace } from './trace.ts';

/*
 * No schedule, however much it knows of the future, meets a p95 wait of `waitSeconds` for fewer GPU-seconds than `lowerBound`
 * says. `docs/scaling.md` explains it at length; in short:
 *
 * Every rule that is left out or bent below is bent in favour of the clairvoyant, so that each real schedule has a counterpart
 * here that costs no more; the cheapest of the counterparts is found exactly, by dynamic programming. What stays: instances are
 * whole and paid for from launch on, each launch costs a boot; no work is done before it has arrived (and no task faster than
 * one GPU can); 95 % of the tasks begin in time, which means that a certain part of the work is done by a certain moment; all of
 * the work is done in the end. What is bent:
 *
 * - Work is a fluid: which GPU does which task, and that tasks are not interrupted, plays no part.
 * - Time goes by slots, work by what a GPU does in one. Whatever touches a slot may use all of it, without paying twice for the
 *   ends: that is what is taken off the price of a boot. What has arrived is rounded up, what must be done down.
 * - The 5 % who may wait are chosen by price: leaving one out costs `latePrice`, and whoever leaves out more or fewer than 5 %
 *   pays or earns the difference. That they must be served nevertheless is a price as well (`idleDiscount`). By weak duality
 *   the result is a lower bound whatever the two prices are; the best are looked for.
 */

export interface BoundOptions {
  /** What that share of the tasks waits at most, seconds. */
  readonly waitSeconds: number;
  /** 0.95 unless told; 1: nobody waits longer. */
  readonly share?: number;
  /** States that one pass may look at: more make the bound tighter, by shorter slots, and take longer. */
  readonly states?: number;
}

/** GPU-seconds. */
export const lowerBound = (trace: Trace, options: BoundOptions): number => {
  if (trace.arrivals.length === 0) return 0;
  const { states = 12_000_000 } = options;
  const workSeconds = trace.arrivals.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0);
  // Where many wait long, nothing but the work is left to pay for. A rough look tells, and saves the thorough one.
  const rough = search(trace, options, states / 10);
  return Math.max(workSeconds, rough < 0.97 * workSeconds ? rough : search(trace, options, states));
};

const search = (trace: Trace, { waitSeconds, share = 0.95 }: BoundOptions, states: number): number => {
  const problem = toProblem(trace, Math.max(0, waitSeconds), share, states);
  if (problem.mayBeLate === 0) return solve(problem, Infinity, 0);
  const best = (idleDiscount: number): number =>
    maximize((latePrice) => solve(problem, latePrice, idleDiscount), 3 * trace.bootSeconds);
  return Math.max(...IDLE_DISCOUNTS.map(best));
};

const IDLE_DISCOUNTS = [0, 0.3, 0.7];
const PRICES_TRIED = 8;
/** The first that keeps the number of states. The ends of an instance's life are free: a launch must cost more than they do. */
const SLOT_SECONDS = [2, 3, 5, 8, 12, 20, 30];

/** Of a concave function on 0…most; whatever is found is one of its values. */
const maximize = (valueAt: (x: number) => number, most: number): number => {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0, most];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atLeft, atRight] = [valueAt(left), valueAt(right)];
  let best = Math.max(valueAt(0), atLeft, atRight);
  for (let tried = 3; tried < PRICES_TRIED; tried += 1) {
    if (atLeft >= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = valueAt(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = valueAt(right);
    }
    best = Math.max(best, atLeft, atRight);
  }
  return best;
};

interface Problem {
  readonly slots: number;
  readonly slotSeconds: number;
  /** Units of work that must be done in each slot, beyond those before. */
  readonly due: Int32Array;
  /** How far ahead of what is due the work may be at the end of each slot: no further than it has arrived. */
  readonly ahead: Int32Array;
  /** Per slot in which tasks must begin: what leaving out the largest, the two largest, … takes off what is due. */
  readonly credits: ReadonlyMap<number, readonly number[]>;
  readonly mostInstances: number;
  readonly launchSeconds: number;
  readonly workSeconds: number;
  readonly mayBeLate: number;
}

const toProblem = (trace: Trace, waitSeconds: number, share: number, states: number): Problem => {
  let problem: Problem | undefined;
  for (const slotSeconds of SLOT_SECONDS) {
    problem = cut(trace, waitSeconds, share, slotSeconds);
    if (problem.mostInstances * problem.ahead.reduce((sum, units) => sum + units + 1, 0) <= states) break;
  }
  if (!problem) throw new Error('There is no length of a slot');
  return problem;
};

const cut = (trace: Trace, waitSeconds: number, share: number, slotSeconds: number): Problem => {
  const { arrivals, bootSeconds, max } = trace;
  const longest = arrivals.reduce((most, { gpuSeconds }) => Math.max(most, gpuSeconds), 0);
  const slots = Math.ceil(((arrivals.at(-1)?.at ?? 0) + waitSeconds + longest) / slotSeconds) + 1;
  const [arrived, due] = [new Float64Array(slots), new Float64Array(slots)];
  /** Adds what a GPU does of it from then on, by the end of each slot. */
  const addRamp = (to: Float64Array, from: number, seconds: number): void => {
    let done = 0;
    for (let slot = Math.floor(from / slotSeconds); slot < slots && done < seconds; slot += 1) {
      const byEnd = Math.min(seconds, (slot + 1) * slotSeconds - from);
      to[slot] = (to[slot] ?? 0) + byEnd - done;
      done = byEnd;
    }
  };
  const deadlines = new Map<number, number[]>();
  for (const { at, gpuSeconds } of arrivals) {
    const begin = at + waitSeconds;
    addRamp(due, begin, gpuSeconds);
    // Once it must begin, all of it counts as arrived: what leaving it out takes off must not be cut short.
    const before = Math.min(gpuSeconds, waitSeconds);
    addRamp(arrived, at, before);
    const slot = Math.floor(begin / slotSeconds);
    arrived[slot] = (arrived[slot] ?? 0) + gpuSeconds - before;
    deadlines.set(slot, [...(deadlines.get(slot) ?? []), Math.ceil(gpuSeconds / slotSeconds)]);
  }
  return {
    ...{ slots, slotSeconds, mostInstances: max },
    ...toUnits(arrived, due, slotSeconds),
    credits: new Map([...deadlines].map(([slot, sizes]) => [slot, toPrefixSums(sizes)])),
    launchSeconds: Math.max(0, bootSeconds - 2 * slotSeconds),
    workSeconds: arrivals.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0),
    mayBeLate: arrivals.length - Math.ceil(share * arrivals.length),
  };
};

/** Rounded up what has arrived, and down what is due; a millionth more or less is no unit. */
const toUnits = (arrived: Float64Array, due: Float64Array, slotSeconds: number) => {
  const dueUnits = new Int32Array(due.length);
  const ahead = new Int32Array(due.length);
  let [arrivedSeconds, dueSeconds, dueBefore] = [0, 0, 0];
  for (let slot = 0; slot < due.length; slot += 1) {
    arrivedSeconds += arrived[slot] ?? 0;
    dueSeconds += due[slot] ?? 0;
    const dueNow = Math.floor(dueSeconds / slotSeconds - 1e-6);
    dueUnits[slot] = Math.max(0, dueNow) - dueBefore;
    dueBefore = Math.max(0, dueNow);
    ahead[slot] = Math.max(0, Math.ceil(arrivedSeconds / slotSeconds + 1e-6) - dueBefore);
  }
  return { due: dueUnits, ahead };
};

const toPrefixSums = (sizes: readonly number[]): readonly number[] => {
  let sum = 0;
  return [...sizes].sort((left, right) => right - left).map((size) => (sum += size));
};

/**
 * The cheapest counterpart at these prices. A state is how many instances there are and how far the work is ahead of what is
 * due; to work on whatever is there is never worse than not to.
 */
const solve = (problem: Problem, latePrice: number, idleDiscount: number): number => {
  const { slots, slotSeconds, due, ahead, credits, mostInstances, launchSeconds } = problem;
  const width = ahead.reduce((most, units) => Math.max(most, units), 0) + 1;
  const counts = mostInstances + 1;
  const slotPrice = slotSeconds * (1 - idleDiscount);
  let costs = new Float64Array(counts * width).fill(Infinity);
  let next = new Float64Array(counts * width).fill(Infinity);
  for (let count = 0; count < counts; count += 1) costs[count * width] = count * launchSeconds;
  let reach = 1;

  for (let slot = 0; slot < slots; slot += 1) {
    launchOrLeave(costs, counts, width, reach, launchSeconds);
    const [mustDo, cap, takenOff] = [due[slot] ?? 0, ahead[slot] ?? 0, credits.get(slot)];
    next.fill(Infinity);
    for (let count = 0; count < counts; count += 1) {
      const row = count * width;
      for (let lead = 0; lead < reach; lead += 1) {
        const cost = (costs[row + lead] ?? Infinity) + count * slotPrice;
        if (cost === Infinity) continue;
        const without = lead + count - mustDo;
        relax(next, row, Math.min(cap, without), cost);
        // Leaving out more than brings the work to where it has arrived helps nobody.
        for (let late = 0; takenOff && late < takenOff.length && latePrice < Infinity; late += 1) {
          const then = without + (takenOff[late] ?? 0);
          relax(next, row, Math.min(cap, then), cost + (late + 1) * latePrice);
          if (then >= cap) break;
        }
      }
    }
    [costs, next] = [next, costs];
    reach = cap + 1;
  }
  const cheapest = costs.reduce((least, cost) => Math.min(least, cost), Infinity);
  return (
    cheapest +
    idleDiscount * problem.workSeconds -
    (problem.mayBeLate === 0 ? 0 : latePrice * problem.mayBeLate)
  );
};

const relax = (costs: Float64Array, row: number, lead: number, cost: number): void => {
  if (lead >= 0 && cost < (costs[row + lead] ?? 0)) costs[row + lead] = cost;
};

/** In place: each state reached from the cheapest with more instances, or with fewer and launches. */
const launchOrLeave = (
  costs: Float64Array,
  counts: number,
  width: number,
  reach: number,
  launchSeconds: number,
): void => {
  for (let lead = 0; lead < reach; lead += 1) {
    for (let count = counts - 2; count >= 0; count -= 1) {
      const at = count * width + lead;
      costs[at] = Math.min(costs[at] ?? Infinity, costs[at + width] ?? Infinity);
    }
    for (let count = 1; count < counts; count += 1) {
      const at = count * width + lead;
      costs[at] = Math.min(costs[at] ?? Infinity, (costs[at - width] ?? Infinity) + launchSeconds);
    }
  }
};
