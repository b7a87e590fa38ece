import {
  ASSUMED_BOOT_SECONDS,
  type FleetConfig,
  type FleetMemberRecord,
  type FleetSummary,
  type FleetTask,
} from '../../contract/fleet.ts';
import { learnBootSeconds } from './boot-time.ts';
import type { FleetInputs } from './check-inputs.ts';
import { bootLeftSeconds } from './forecast.ts';
import {
  isHeardOf,
  toFleetMember,
  toMembers,
  toRates,
  type GroupInstance,
  type MembersOptions,
  type WorkerReport,
} from './members.ts';

/** A row of the `active` index. */
export interface LiveTask {
  readonly id: string;
  readonly pool: string;
  readonly status: 'QUEUED' | 'RUNNING' | 'CANCELING';
  readonly megapixelSteps: number;
  readonly createdAt: number;
  /** When it became due again, if it was tried before; 0: it was not. */
  readonly notBefore?: number;
  readonly claimedAt?: number;
  readonly workerId?: string;
}

/** An Auto Scaling group. */
export interface GroupState {
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly instances: readonly GroupInstance[];
  /** Whether it moves instances between zones when one has left. */
  readonly balancesZones: boolean;
}

/** What a look has found: the policy's inputs, and what is told of them. */
export interface Seen {
  readonly fleet: FleetConfig;
  readonly inputs: FleetInputs;
  readonly queued: readonly LiveTask[];
  readonly members: FleetSummary['members'];
  readonly rates: Readonly<Record<string, number>>;
  readonly bootSeconds: number | undefined;
  readonly bootsSeen: readonly number[];
  /** Asked for, and not launched. */
  readonly missing: number;
  /** Launched, and not asked for any more. */
  readonly surplus: number;
  /** Some worker of the pool was heard of lately. */
  readonly hasReports: boolean;
  readonly notes: readonly string[];
  /** Since when somebody waits, the longest; undefined: nobody does. */
  readonly oldestAt: number | undefined;
  readonly now: number;
}

export interface Found {
  readonly fleet: FleetConfig;
  readonly before: FleetSummary | undefined;
  readonly tasks: readonly LiveTask[] | undefined;
  readonly workers: readonly WorkerReport[] | undefined;
  readonly state: GroupState | undefined;
  readonly now: number;
}

export const toSeen = ({ fleet, before, tasks, workers: reports, state, now }: Found): Seen => {
  const workers = reports ?? [];
  const busy = new Set(
    tasks?.flatMap(({ status, workerId }) => (status === 'QUEUED' ? [] : (workerId ?? []))),
  );
  const membersBefore = before?.members ?? [];
  const listed = state
    ? toMembers({ ...{ workers, busy, now }, ...toBefore(before), instances: state.instances })
    : [];
  const bootsSeen = toBoots(listed, membersBefore, workers);
  const bootSeconds = bootsSeen.reduce(learnBootSeconds, before?.bootSeconds);
  const isFresh = isHeardOf(now);
  const rates = toRates(workers.filter(isFresh), before?.rates ?? {}, fleet.instanceType);
  const queued = (tasks ?? []).filter(({ status }) => status === 'QUEUED');
  const isOverdue = ({ state: is, since }: FleetMemberRecord): boolean =>
    is === 'BOOTING' &&
    bootLeftSeconds((now - since) / 1000, bootSeconds ?? ASSUMED_BOOT_SECONDS) === undefined;
  const members = listed.map((member) => (isOverdue(member) ? { ...member, isOverdue: true } : member));
  const fleetMembers = members.map((member) => toFleetMember(member, now));
  const present = new Set(members.map(({ id }) => id));
  const staying = fleetMembers.filter(({ state: is }) => is !== 'DRAINING').length;
  const byHand = state && before && state.desired > before.decision.desired;
  return {
    ...{ fleet, queued, members, rates, bootSeconds, bootsSeen, now },
    oldestAt: toOldest(queued),
    inputs: {
      settings: { ...fleet, min: state?.min ?? before?.min ?? 0, max: state?.max ?? before?.max ?? 0 },
      ...(tasks && { tasks: tasks.flatMap((task) => toFleetTask(task, present, now)) }),
      // Who has not reported looks like one that boots: without reports nobody's state is known.
      ...(state && reports && { instances: fleetMembers }),
      ...(state && { desiredCapacity: state.desired }),
      ...(bootSeconds !== undefined && { bootSeconds }),
      rates,
    },
    missing: Math.max(0, (state?.desired ?? 0) - staying),
    surplus: Math.max(0, staying - (state?.desired ?? staying)),
    hasReports: workers.some(isFresh),
    notes: [
      ...(byHand
        ? [`somebody set the desired capacity from ${before.decision.desired} to ${state.desired}`]
        : []),
      ...members.flatMap(({ id, since, isOverdue: is }) =>
        is ? [`${id} has been booting for ${Math.round((now - since) / 1000)} s and is not counted on`] : [],
      ),
    ],
  };
};

/** Of a task that was tried before, the time that it ran is no waiting. */
const toOldest = (queued: readonly LiveTask[]): number | undefined => {
  const since = queued.map(({ createdAt, notBefore = 0 }) => Math.max(createdAt, notBefore));
  return since.length > 0 ? since.reduce((oldest, one) => Math.min(oldest, one)) : undefined;
};

const toBefore = (before: FleetSummary | undefined): Pick<MembersOptions, 'before' | 'beforeAt'> => ({
  before: before?.members ?? [],
  beforeAt: before?.at,
});

/** What is being canceled ends within seconds. */
const toFleetTask = (
  { status, megapixelSteps, claimedAt, workerId = '' }: LiveTask,
  present: ReadonlySet<string>,
  now: number,
): FleetTask[] => {
  switch (status) {
    case 'QUEUED':
      return [{ state: 'QUEUED', megapixelSteps }];
    case 'RUNNING':
      return [
        {
          ...{ state: 'RUNNING', megapixelSteps },
          runningSeconds: Math.max(1, now - (claimedAt ?? now)) / 1000,
          ...(!present.has(workerId) && { isLost: true }),
        },
      ];
    case 'CANCELING':
      return [];
  }
};

/** Of those that have become ready since the last pass. */
const toBoots = (
  members: FleetSummary['members'],
  before: FleetSummary['members'],
  workers: readonly WorkerReport[],
): readonly number[] => {
  const wasUp = new Set(before.flatMap(({ id, state }) => (state === 'BOOTING' ? [] : [id])));
  const isNew = new Set(
    members.flatMap(({ id, state }) =>
      (state === 'READY' || state === 'BUSY') && !wasUp.has(id) ? [id] : [],
    ),
  );
  return workers.flatMap(({ id, bootSeconds }) => (isNew.has(id) ? (bootSeconds ?? []) : []));
};
