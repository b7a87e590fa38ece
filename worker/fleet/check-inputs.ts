import {
  ASSUMED_BOOT_SECONDS,
  ASSUMED_RATE,
  ASSUMED_RATES,
  FLEET_STALE_SECONDS,
  type FleetMember,
  type FleetSettings,
  type FleetTask,
} from '../../contract/fleet.ts';

/** Whatever could be learned. Anything may be missing, old or nonsense: each is looked at before it is believed. */
export interface FleetInputs {
  readonly settings: FleetSettings;
  /** All that have not ended, oldest first. */
  readonly tasks?: readonly FleetTask[];
  /** How old the tasks and instances are; now unless told. */
  readonly tasksAgeSeconds?: number;
  readonly instances?: readonly FleetMember[];
  readonly instancesAgeSeconds?: number;
  /** The group's, as it is. */
  readonly desiredCapacity?: number;
  /** Measured megapixel-steps in a second, by instance type. */
  readonly rates?: Readonly<Record<string, number>>;
  /** From launch to ready, as learned. */
  readonly bootSeconds?: number;
}

/** Inputs that are fit to decide by. */
export interface Checked {
  readonly tasks: readonly FleetTask[];
  readonly members: readonly FleetMember[];
  readonly running: number;
  readonly min: number;
  readonly most: number;
  /** It is not `max` that limits. */
  readonly isBudget: boolean;
  readonly targetWaitSeconds: number;
  readonly bootSeconds: number;
  readonly rateOf: (instanceType: string | undefined) => number;
  readonly assumed: readonly ('rate' | 'boot')[];
}

/** No group has more: a larger number is a mistake. */
const MOST = 10_000;
export const isCount = (value: number | undefined): value is number =>
  value !== undefined && Number.isInteger(value) && value >= 0 && value <= MOST;
/** Nothing that is measured here is smaller or larger: quotients and sums stay finite. */
const isPositive = (value: number | undefined): value is number =>
  value !== undefined && value > 1e-6 && value < 1e9;
const isFresh = (ageSeconds = 0): boolean => ageSeconds <= FLEET_STALE_SECONDS;

/** Says what is missing when that is too much to decide by. */
export const checkInputs = (
  inputs: FleetInputs,
): { readonly ok: true; readonly checked: Checked } | { readonly ok: false; readonly missing: string } => {
  const { settings, tasks, instances, desiredCapacity } = inputs;
  const wrong = whatIsWrong(settings);
  if (wrong !== undefined) return { ok: false, missing: wrong };
  if (!tasks) return { ok: false, missing: 'the tasks could not be read' };
  if (!isFresh(inputs.tasksAgeSeconds))
    return { ok: false, missing: `the tasks are ${describeAge(inputs.tasksAgeSeconds)}` };
  // A group of nobody has no instances, whoever could not list them.
  const members = instances ?? (desiredCapacity === 0 ? [] : undefined);
  if (!members) return { ok: false, missing: 'the instances could not be listed' };
  if (!isFresh(inputs.instancesAgeSeconds))
    return { ok: false, missing: `the instances are ${describeAge(inputs.instancesAgeSeconds)}` };
  const staying = members.filter(({ state }) => state !== 'DRAINING');
  const running = Math.max(isCount(desiredCapacity) ? desiredCapacity : 0, staying.length);
  const { min, most, isBudget } = toLimits(settings);
  const bootSeconds = isPositive(inputs.bootSeconds) ? inputs.bootSeconds : ASSUMED_BOOT_SECONDS;
  const measured = inputs.rates?.[settings.instanceType];
  return {
    ok: true,
    checked: {
      ...{ running, min, most, isBudget, bootSeconds },
      tasks: tasks.map(toTask),
      // Asked for, and not launched yet.
      members: [...staying.map(toMember), ...Array.from({ length: running - staying.length }, unlisted)],
      targetWaitSeconds: settings.targetWaitSeconds,
      rateOf: (instanceType = settings.instanceType) => rateOf(instanceType, inputs.rates),
      assumed: [
        ...(isPositive(measured) ? [] : ['rate' as const]),
        ...(isPositive(inputs.bootSeconds) ? [] : ['boot' as const]),
      ],
    },
  };
};

const describeAge = (ageSeconds = 0): string =>
  Number.isFinite(ageSeconds) ? `${Math.round(ageSeconds)} s old` : 'of no known age';

const whatIsWrong = ({ min, max, targetWaitSeconds, budgetPerHour }: FleetSettings): string | undefined => {
  if (!isCount(min) || !isCount(max)) return `min ${min} and max ${max} are not counts`;
  if (!isPositive(targetWaitSeconds)) return `the target wait is ${targetWaitSeconds} s`;
  if (budgetPerHour !== undefined && !(budgetPerHour >= 0)) return `the budget is ${budgetPerHour} an hour`;
  return undefined;
};

/** What a budget can't pay is not launched, not even for `min`. */
const toLimits = ({ min, max, budgetPerHour, pricePerHour }: FleetSettings) => {
  const paid =
    budgetPerHour === undefined
      ? Infinity
      : isPositive(pricePerHour)
        ? // A price of 0.1 fits ten times into 1.
          Math.floor(budgetPerHour / pricePerHour + 1e-9)
        : min;
  const most = Math.min(max, paid);
  return { min: Math.min(min, most), most, isBudget: paid < max };
};

const rateOf = (instanceType: string, rates: FleetInputs['rates']): number => {
  const measured = rates?.[instanceType];
  return isPositive(measured) ? measured : (ASSUMED_RATES[instanceType.split('.')[0] ?? ''] ?? ASSUMED_RATE);
};

/** A task of unknown size is none that costs nothing: it is there, and it is small. */
const toTask = (task: FleetTask): FleetTask => {
  const { state, megapixelSteps, runningSeconds, isLost } = task;
  const isFine = isPositive(megapixelSteps) && (runningSeconds === undefined || isPositive(runningSeconds));
  if (isFine) return task;
  return {
    ...{ state, megapixelSteps: isPositive(megapixelSteps) ? megapixelSteps : UNKNOWN_MEGAPIXEL_STEPS },
    ...(isPositive(runningSeconds) && { runningSeconds }),
    ...(isLost && { isLost }),
  };
};

/** One picture of 512 × 512 in 20 steps, what a request is that says nothing. */
const UNKNOWN_MEGAPIXEL_STEPS = 5.24;

const toMember = (member: FleetMember): FleetMember =>
  isPositive(member.ageSeconds ?? 1) ? member : { ...member, ageSeconds: 0 };

const unlisted = (): FleetMember => ({ id: 'unlisted', state: 'BOOTING', ageSeconds: 0 });
