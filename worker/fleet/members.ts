import type { FleetMember, FleetMemberRecord, FleetMemberState } from '../../contract/fleet.ts';
import { WORKER_STALE_SECONDS, type WorkerRow } from '../../contract/worker.ts';

/** An instance as Auto Scaling lists it. */
export interface GroupInstance {
  readonly id: string;
  readonly instanceType?: string;
  /** E.g. `Pending:Wait`, `InService`, `Terminating:Wait`. */
  readonly lifecycleState: string;
}

/** A worker's row, as far as it matters here. */
export type WorkerReport = Pick<
  WorkerRow,
  'id' | 'pool' | 'instanceType' | 'bootSeconds' | 'state' | 'megapixelStepsPerSecond' | 'updatedAt'
>;

export interface MembersOptions {
  readonly instances: readonly GroupInstance[];
  readonly workers: readonly WorkerReport[];
  /** Ids of the workers that have a task. Reports say so late: it is not worth a call for each task. */
  readonly busy: ReadonlySet<string>;
  /** What the last pass saw, and when. */
  readonly before: readonly FleetMemberRecord[];
  readonly beforeAt: number | undefined;
  readonly now: number;
}

/** Whether a worker that reports once a minute was heard of lately. */
export const isHeardOf =
  (now: number) =>
  ({ updatedAt }: Pick<WorkerReport, 'updatedAt'>): boolean =>
    updatedAt >= now - WORKER_STALE_SECONDS * 1000;

/** What Auto Scaling, the workers and the rows say of the instances, taken together. On EC2 a worker's id is its instance's. */
export const toMembers = (options: MembersOptions): readonly FleetMemberRecord[] => {
  const { instances, workers, busy, before, beforeAt, now } = options;
  const reports = new Map(workers.filter(isHeardOf(now)).map((report) => [report.id, report]));
  const known = new Map(before.map((member) => [member.id, member]));
  return instances.map(({ id, instanceType, lifecycleState }) => {
    const state = toState(lifecycleState, reports.get(id), busy.has(id));
    const old = known.get(id);
    // Whoever is new was launched after the last pass, by which most launches are made: rather too old than too young.
    const since = old ? (old.state === state ? old.since : now) : (beforeAt ?? now);
    return { id, ...(instanceType !== undefined && { instanceType }), state, since };
  });
};

const toState = (
  lifecycleState: string,
  report: WorkerReport | undefined,
  isBusy: boolean,
): FleetMemberState => {
  if (!/^(Pending|InService)/.test(lifecycleState)) return 'DRAINING';
  switch (report?.state) {
    case undefined:
      return isBusy ? 'BUSY' : 'BOOTING';
    case 'STARTING':
      return 'BOOTING';
    case 'DRAINING':
    case 'UNHEALTHY':
      return 'DRAINING';
    case 'READY':
    case 'BUSY':
      return isBusy ? 'BUSY' : 'READY';
  }
};

export const toFleetMember = (
  { id, instanceType, state, since }: FleetMemberRecord,
  now: number,
): FleetMember => ({
  ...{ id, state, ageSeconds: Math.max(0, now - since) / 1000 },
  ...(instanceType !== undefined && { instanceType }),
});

/** Measured rates by instance type: of those that are up, else as they were. */
export const toRates = (
  workers: readonly WorkerReport[],
  before: Readonly<Record<string, number>>,
  ownType: string,
): Readonly<Record<string, number>> => {
  const measured = Map.groupBy(
    workers.filter(({ megapixelStepsPerSecond = 0 }) => megapixelStepsPerSecond > 0),
    ({ instanceType }) => instanceType ?? ownType,
  );
  const means = [...measured].map(([type, reports]): [string, number] => [
    type,
    reports.reduce((sum, { megapixelStepsPerSecond = 0 }) => sum + megapixelStepsPerSecond, 0) /
      reports.length,
  ]);
  return { ...before, ...Object.fromEntries(means) };
};
