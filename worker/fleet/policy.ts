import type { FleetCause, FleetDecision, FleetNumbers } from '../../contract/fleet.ts';
import { checkInputs, isCount, type Checked, type FleetInputs } from './check-inputs.ts';
import { explain } from './explain.ts';
import { lastStartSeconds, secondsLeft, toServers, type Server } from './forecast.ts';

/*
 * How many instances there should be. The question is not how many tasks there are but how long the last of them would wait:
 * the tasks are dealt out to the GPUs that are ready, busy or booting, each when it is free.
 *
 * - If the last would start later than the target, and nobody is booting, one instance is added. It may come too late for
 *   these tasks; but a queue of that length says that more comes in than is done.
 * - If the last would start later than the goal, as many are added as bring it below. A new instance helps nobody before it
 *   has booted, and a boot is paid for like work: so the goal is the target, but never less than a boot and the work that is
 *   worth one. Whatever the present instances have done by then is left to them.
 *
 * Capacity is never lowered here. An instance that has nothing to do ends itself (`should-leave.ts`).
 */

export interface PolicyTuning {
  /** The least that a new instance should find to do, as a share of its boot. Less shortens waits at the price of boots. */
  readonly worthOfABoot: number;
}

/** Tuned with the fleet's simulator, on half of its traces: `docs/scaling.md`. */
export const POLICY_TUNING: PolicyTuning = { worthOfABoot: 1 };

/**
 * From what is known to the capacity, and why. Pure, total, and never below what is there; whatever is missing, `last` is
 * what is gone by.
 */
export const decide = (
  inputs: FleetInputs,
  last?: FleetDecision,
  { worthOfABoot }: PolicyTuning = POLICY_TUNING,
): FleetDecision => {
  const result = checkInputs(inputs);
  if (!result.ok) return keep(inputs, result.missing, last);
  const { checked } = result;
  const { members, tasks, bootSeconds, targetWaitSeconds, running, min, most, isBudget } = checked;
  const { servers, waiting } = toServers(members, tasks, bootSeconds, checked.rateOf);
  const newcomer: Server = { freeIn: bootSeconds, megapixelStepsPerSecond: checked.rateOf(undefined) };
  const waitWith = (added: number): number =>
    lastStartSeconds([...servers, ...Array.from({ length: added }, () => newcomer)], waiting);

  const goalSeconds = Math.max(targetWaitSeconds, (1 + worthOfABoot) * bootSeconds);
  const waitSeconds = waitWith(0);
  const isLate = waitSeconds > targetWaitSeconds && !members.some(({ state }) => state === 'BOOTING');
  const room = Math.max(0, most - running);
  let added = Math.min(room, Math.max(0, min - running, isLate ? 1 : 0));
  let then = added === 0 ? waitSeconds : waitWith(added);
  while (then > goalSeconds && added < room) {
    added += 1;
    then = waitWith(added);
  }

  const numbers: FleetNumbers = {
    ...count(checked),
    returning: tasks.filter(({ isLost }) => isLost).length,
    ...{ running, bootSeconds, most, targetSeconds: targetWaitSeconds, goalSeconds },
    // Whoever stores this knows no infinity.
    ...(Number.isFinite(waitSeconds) && { waitSeconds }),
    ...(Number.isFinite(then) && { waitSecondsThen: then }),
    megapixelStepsPerSecond: newcomer.megapixelStepsPerSecond,
    assumed: checked.assumed,
  };
  const toCause = (): FleetCause => {
    if (then > goalSeconds || (isLate && added === 0)) return isBudget ? 'atBudget' : 'atMax';
    if (added === 0) return 'enough';
    if (!isLate && waitSeconds <= goalSeconds) return 'min';
    return running === 0 ? 'wake' : 'wait';
  };
  const cause = toCause();
  const desired = running + added;
  return { desired, cause, reason: explain(desired, cause, numbers), numbers };
};

const count = ({ tasks, members, rateOf }: Checked) => {
  const rate = rateOf(undefined);
  const queued = tasks.filter(({ state }) => state === 'QUEUED');
  const inFlight = tasks.filter(({ state }) => state === 'RUNNING');
  const sum = (of: typeof tasks): number => of.reduce((total, task) => total + secondsLeft(task, rate), 0);
  return {
    booting: members.filter(({ state }) => state === 'BOOTING').length,
    queued: queued.length,
    inFlight: inFlight.length,
    queuedSeconds: sum(queued),
    inFlightSeconds: sum(inFlight),
  };
};

const NOTHING: FleetNumbers = {
  ...{ running: 0, booting: 0, queued: 0, inFlight: 0, returning: 0, queuedSeconds: 0, inFlightSeconds: 0 },
  ...{
    waitSeconds: 0,
    waitSecondsThen: 0,
    targetSeconds: 0,
    goalSeconds: 0,
    bootSeconds: 0,
    megapixelStepsPerSecond: 0,
  },
  ...{ assumed: [], most: 0 },
};

/** What is there stays, as far as anybody knows what that is. */
const keep = (
  { desiredCapacity, instances }: FleetInputs,
  missing: string,
  last?: FleetDecision,
): FleetDecision => {
  const listed = instances?.filter(({ state }) => state !== 'DRAINING').length ?? 0;
  const [known = 0] = [desiredCapacity, last?.desired].filter(isCount);
  const desired = Math.max(known, listed);
  const before = last?.cause === 'unknown' ? last.before : last?.reason;
  return {
    ...{ desired, cause: 'unknown', numbers: { ...(last?.numbers ?? NOTHING), running: desired } },
    reason: `${desired} stay, because ${missing}.`,
    ...(before !== undefined && { before }),
  };
};
