import { createRandom } from '../../test/simulation/random.ts';
import { isRecent, recentOf } from '../../worker/fleet/recent.ts';
import { createAgenda } from './agenda.ts';
import type { Arrival, Trace } from './trace.ts';

/*
 * A fleet in virtual time: one day's arrivals, a policy, and what comes of both. One state machine.
 *
 *   launched ── bootSeconds ──▶ ready ⇄ busy ──▶ gone        by its own decision, by the policy's, or by EC2's
 *
 * A task goes to a random one of the idle (SQS knows no other order), or waits its turn. A group launches whatever is missing
 * from its desired capacity at once. EC2 takes instances back by a two-minute notice: what fits into it is finished, what does
 * not starts again elsewhere, and the group replaces the instance when it is gone. Instances are paid for from launch to end,
 * by the second.
 */

export interface SimulatedTask extends Arrival {
  /** When its last run began. */
  startedAt?: number;
}

export interface SimulatedInstance {
  readonly id: string;
  readonly launchedAt: number;
  readyAt?: number;
  task?: SimulatedTask;
  /** Since when it has no task. */
  idleSince: number;
  /** Takes nothing more. */
  leaving?: 'policy' | 'spot' | 'itself';
  /** When it had tasks, as far as that may matter. */
  readonly busy: { from: number; to: number }[];
  /** Seconds of a megapixel-step, measured. */
  secondsPerStep?: number;
}

export interface View {
  readonly now: number;
  /** Oldest first. */
  readonly queue: readonly SimulatedTask[];
  readonly instances: readonly SimulatedInstance[];
  readonly desired: number;
  readonly bootsSeen: readonly number[];
  readonly measuredRate: number | undefined;
}

export interface SimulatedPolicy {
  /** Instances that are there when the trace begins. */
  readonly start: number;
  readonly passSeconds: number;
  /** The desired capacity from now on. */
  readonly pass: (view: View) => number;
  /** The same, whenever a task is submitted. */
  readonly onSubmit?: (view: View) => number;
  /** Asked by whoever is idle, every few seconds. */
  readonly shouldLeave?: (
    instance: SimulatedInstance,
    recent: ReturnType<typeof recentOf>,
    view: View,
  ) => boolean;
  /** What becomes of a busy instance that the policy's scale-in hits. */
  readonly scaleIn: 'drain' | 'kill';
}

export interface Moment {
  readonly at: number;
  readonly queued: number;
  readonly instances: number;
  readonly busy: number;
}

export interface Outcome {
  /** Of each task, in the order of arrival: all the time between submit and end in which it did not run, seconds. */
  readonly waits: readonly number[];
  /** Paid for. */
  readonly gpuSeconds: number;
  readonly workSeconds: number;
  readonly launches: number;
  readonly most: number;
  /** Tasks begun anew because EC2 took the instance back, or the policy's scale-in did. */
  readonly restartedBySpot: number;
  readonly restartedByScaleIn: number;
  readonly endsAt: number;
  /** One a minute. */
  readonly timeline: readonly Moment[];
}

const SPOT_NOTICE_SECONDS = 120;
/** As `worker.ts` does: storing and reporting want their share. */
const FINISH_RESERVE_SECONDS = 5;
const IDLE_CHECK_SECONDS = 5;
/** EC2 bills at least that. */
const BILLED_SECONDS = 60;
/** Weight of the newest measurement, as in `worker/rate.ts`. */
const SMOOTHING = 0.3;

type Event =
  | { readonly kind: 'arrive'; readonly task: SimulatedTask }
  | { readonly kind: 'ready' | 'look' | 'gone'; readonly instance: SimulatedInstance }
  | { readonly kind: 'end'; readonly instance: SimulatedInstance; readonly task: SimulatedTask }
  | { readonly kind: 'pass' | 'interrupt' | 'note' };

export const simulate = (trace: Trace, policy: SimulatedPolicy, seed = 1): Outcome => {
  const random = createRandom(seed);
  const agenda = createAgenda<Event>();
  const queue: SimulatedTask[] = [];
  let instances: SimulatedInstance[] = [];
  const waits = new Map<Arrival, number>();
  const timeline: Moment[] = [];
  const bootsSeen: number[] = [];
  let [now, desired, gpuSeconds, launches, most] = [0, policy.start, 0, 0, 0];
  let [restartedBySpot, restartedByScaleIn] = [0, 0];
  let lastRate: number | undefined;

  const view = (): View => ({ now, queue, instances, desired, bootsSeen, measuredRate: measureRate() });

  const measureRate = (): number | undefined => {
    const measured = instances.flatMap(({ secondsPerStep }) => secondsPerStep ?? []);
    // The rows of workers that are gone are still there.
    if (measured.length > 0) lastRate = measured.length / measured.reduce((sum, seconds) => sum + seconds, 0);
    return lastRate;
  };

  const launch = (isReady = false): void => {
    launches += 1;
    const instance: SimulatedInstance = {
      ...{ id: `i-${String(launches).padStart(5, '0')}`, launchedAt: now, idleSince: now, busy: [] },
    };
    instances.push(instance);
    most = Math.max(most, instances.length);
    agenda.add(now + (isReady ? 0 : trace.bootSeconds), { kind: 'ready', instance });
  };

  const remove = (instance: SimulatedInstance): void => {
    if (!instances.includes(instance)) return;
    instances = instances.filter((other) => other !== instance);
    gpuSeconds += Math.max(BILLED_SECONDS, now - instance.launchedAt);
    reconcile();
  };

  /** Those that the group counts: one that EC2 will take is among them until it is gone. */
  const counted = (): SimulatedInstance[] =>
    instances.filter(({ leaving }) => leaving === undefined || leaving === 'spot');

  const reconcile = (): void => {
    for (let count = counted().length; count < desired; count += 1) launch();
  };

  const setDesired = (wanted: number): void => {
    desired = Math.min(trace.max, wanted);
    const surplus = counted().length - desired;
    for (let removed = 0; removed < surplus; removed += 1) {
      const removable = counted().filter(({ leaving }) => leaving === undefined);
      const victim = removable[Math.floor(random() * removable.length)];
      if (victim) scaleIn(victim);
    }
    reconcile();
  };

  const scaleIn = (instance: SimulatedInstance): void => {
    instance.leaving = 'policy';
    if (instance.task && policy.scaleIn === 'drain') return;
    if (instance.task) {
      restartedByScaleIn += 1;
      giveBack(instance);
    }
    remove(instance);
  };

  /** Its run was for nothing. It was first before, so it is again. */
  const giveBack = (instance: SimulatedInstance): void => {
    const { task } = instance;
    if (!task) return;
    close(instance);
    delete task.startedAt;
    queue.unshift(task);
    for (const other of instances) begin(other);
  };

  const close = (instance: SimulatedInstance): void => {
    const open = instance.busy.at(-1);
    if (open) open.to = now;
    delete instance.task;
    instance.idleSince = now;
  };

  const isFree = ({ readyAt, task, leaving }: SimulatedInstance): boolean =>
    readyAt !== undefined && task === undefined && leaving === undefined;

  const begin = (instance: SimulatedInstance): void => {
    if (!isFree(instance)) return;
    const task = queue.shift();
    if (!task) {
      if (policy.shouldLeave) agenda.add(now, { kind: 'look', instance });
      return;
    }
    task.startedAt = now;
    instance.task = task;
    for (let [oldest] = instance.busy; oldest && !isRecent(oldest, now); [oldest] = instance.busy)
      instance.busy.shift();
    instance.busy.push({ from: now, to: Infinity });
    agenda.add(now + task.gpuSeconds, { kind: 'end', instance, task });
  };

  const end = (instance: SimulatedInstance, task: SimulatedTask): void => {
    // It was given back meanwhile.
    if (instance.task !== task) return;
    // Sums of fractions end a hair before or after what they should.
    waits.set(task, Math.max(0, Math.round(1e6 * (now - task.at - task.gpuSeconds)) / 1e6));
    const newest = task.gpuSeconds / task.megapixelSteps;
    instance.secondsPerStep = (instance.secondsPerStep ?? newest) * (1 - SMOOTHING) + newest * SMOOTHING;
    close(instance);
    if (instance.leaving === 'policy') remove(instance);
    else begin(instance);
  };

  const look = (instance: SimulatedInstance): void => {
    if (!isFree(instance) || !instances.includes(instance)) return;
    if (policy.shouldLeave?.(instance, recentOf(instance.busy, instance.readyAt ?? now, now), view())) {
      desired -= 1;
      instance.leaving = 'itself';
      remove(instance);
    } else agenda.add(now + IDLE_CHECK_SECONDS, { kind: 'look', instance });
  };

  const interrupt = (): void => {
    const candidates = instances.filter(({ leaving }) => leaving === undefined);
    const victim = candidates[Math.floor(random() * candidates.length)];
    if (!victim) return;
    victim.leaving = 'spot';
    const { task } = victim;
    const leftSeconds = task ? (task.startedAt ?? now) + task.gpuSeconds - now : 0;
    if (leftSeconds > SPOT_NOTICE_SECONDS - FINISH_RESERVE_SECONDS) {
      restartedBySpot += 1;
      giveBack(victim);
    }
    agenda.add(now + SPOT_NOTICE_SECONDS, { kind: 'gone', instance: victim });
  };

  const arrive = (task: SimulatedTask): void => {
    queue.push(task);
    const free = instances.filter(isFree);
    const taker = free[Math.floor(random() * free.length)];
    if (taker) begin(taker);
    if (policy.onSubmit) setDesired(policy.onSubmit(view()));
  };

  const note = (): void => {
    const busy = instances.filter(({ task }) => task).length;
    timeline.push({ at: now, queued: queue.length, instances: instances.length, busy });
  };

  const happen = (event: Event): void => {
    switch (event.kind) {
      case 'arrive':
        return arrive(event.task);
      case 'ready': {
        if (!instances.includes(event.instance)) return;
        event.instance.readyAt = event.instance.idleSince = now;
        if (now > event.instance.launchedAt) bootsSeen.push(now - event.instance.launchedAt);
        return begin(event.instance);
      }
      case 'end':
        return end(event.instance, event.task);
      case 'look':
        return look(event.instance);
      case 'gone':
        return remove(event.instance);
      case 'interrupt':
        return interrupt();
      case 'pass':
        setDesired(policy.pass(view()));
        return agenda.add(now + policy.passSeconds, event);
      case 'note':
        note();
        return agenda.add(now + 60, event);
    }
  };

  for (let count = 0; count < policy.start; count += 1) launch(true);
  for (const arrival of trace.arrivals) agenda.add(arrival.at, { kind: 'arrive', task: { ...arrival } });
  for (const at of trace.interruptions) agenda.add(at, { kind: 'interrupt' });
  agenda.add(0, { kind: 'note' });
  agenda.add(policy.passSeconds, { kind: 'pass' });
  for (let next = agenda.next(); next; next = agenda.next()) {
    if (next.at > trace.seconds && waits.size === trace.arrivals.length) break;
    now = next.at;
    happen(next.what);
  }
  const endsAt = Math.max(now, trace.seconds);
  for (const { launchedAt } of instances) gpuSeconds += Math.max(BILLED_SECONDS, endsAt - launchedAt);
  return {
    ...{
      waits: [...waits.values()],
      gpuSeconds,
      launches,
      most,
      restartedBySpot,
      restartedByScaleIn,
      endsAt,
    },
    workSeconds: trace.arrivals.reduce((sum, arrival) => sum + arrival.gpuSeconds, 0),
    timeline,
  };
};

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
};
