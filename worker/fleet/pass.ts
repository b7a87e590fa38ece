import {
  DECISION_PREFIX,
  DECISION_RETENTION_DAYS,
  PASS_NEWS,
  SUMMARY_ID,
  type FleetConfig,
  type FleetDecision,
  type FleetDecisionRecord,
  type FleetSummary,
} from '../../contract/fleet.ts';
import type { Logger } from '../../ledger/logger.ts';
import type { Metrics } from '../../ledger/metrics.ts';
import { estimateQueue } from './estimate.ts';
import { toSeen, type GroupState, type LiveTask, type Seen } from './look.ts';
import type { WorkerReport } from './members.ts';
import { decide } from './policy.ts';

/*
 * One look at one fleet: reads what there is, decides, says why, and raises the capacity if that was decided. It never lowers
 * it. In this order:
 *
 *   read the last summary ─ read tasks, workers, group ─ decide ─ write the summary ─ raise ─ record
 *
 * The summary is written on the condition that it still is the one that was read. So of two passes at once one gives way
 * before it has done anything, and a pass that dies anywhere leaves the next one what it needs: the capacity is the group's.
 * What could not be read leaves the summary as it was: it grows old, and whoever goes by it sees that.
 */

export interface Group {
  readonly read: () => Promise<GroupState>;
  /** Throws what Auto Scaling answers. Whatever was asked for, a capacity that is higher by now stays. */
  readonly raise: (desired: number) => Promise<void>;
  /** Takes an instance away, and lowers the capacity with it: nobody takes its place. */
  readonly end: (instanceId: string) => Promise<void>;
  /** Has another one launched in its place. */
  readonly replace: (instanceId: string) => Promise<void>;
  /** Every instance that leaves makes zones uneven: nobody is to be launched only to even them out. */
  readonly leaveZonesAlone: () => Promise<void>;
  /** What Auto Scaling says of the launches that failed lately, newest first. */
  readonly failures: (since: number) => Promise<readonly string[]>;
}

export interface FleetStore {
  readonly read: (pool: string) => Promise<FleetSummary | undefined>;
  /** False: somebody else has written meanwhile. */
  readonly replace: (summary: FleetSummary, before: FleetSummary | undefined) => Promise<boolean>;
  readonly record: (decision: FleetDecisionRecord) => Promise<void>;
}

export interface PassDependencies {
  readonly fleet: FleetConfig;
  /** Of the pool, oldest first. */
  readonly tasks: () => Promise<readonly LiveTask[]>;
  readonly workers: () => Promise<readonly WorkerReport[]>;
  readonly group: Group;
  readonly store: FleetStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface PassResult {
  readonly pool: string;
  readonly outcome: 'kept' | 'raised' | 'refused' | 'unknown' | 'gaveWay';
  readonly desired: number;
  readonly reason: string;
}

export type Pass = () => Promise<PassResult>;

/** A boot that is read from a cold volume takes minutes. */
const OVERDUE_GRACE_SECONDS = 15 * 60;
const SILENT_GRACE_SECONDS = 60 * 60;
/** Auto Scaling tries again every few minutes, later and later. */
const FAILURES_MS = 15 * 60_000;

export const createPass = (dependencies: PassDependencies): Pass => {
  const { fleet, group, store, clock, metrics, logger } = dependencies;
  const { pool } = fleet;

  /** Undefined: it did not work; the log says why. */
  const readable = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      logger.error('fleet call failed', { pool, what, error: String(error) });
      return undefined;
    }
  };

  const look = async (before: FleetSummary | undefined): Promise<Seen> => {
    const [tasks, workers, state] = await Promise.all([
      readable('tasks', dependencies.tasks),
      readable('workers', dependencies.workers),
      readable('group', group.read),
    ]);
    if (state?.balancesZones) await readable('zones', group.leaveZonesAlone);
    return toSeen({ fleet, before, tasks, workers, state, now: clock() });
  };

  const noticed = async (seen: Seen, before: FleetSummary | undefined): Promise<readonly string[]> => {
    if (!before || seen.missing === 0 || before.decision.desired <= before.members.length) return seen.notes;
    const failures = await readable('activities', () => group.failures(seen.now - FAILURES_MS));
    const [newest] = failures ?? [];
    const missing = `${seen.missing} of the instances that should be there are not`;
    return [...seen.notes, newest === undefined ? missing : `${missing}: ${newest}`];
  };

  const record = async (decision: FleetDecision, notes: readonly string[], at: number): Promise<void> => {
    const id = `${DECISION_PREFIX}${new Date(at).toISOString()}`;
    const expiresAt = Math.ceil(at / 1000) + DECISION_RETENTION_DAYS * 86_400;
    await readable('decisions', () => store.record({ ...decision, pool, id, at, notes, expiresAt }));
  };

  return async () => {
    const before = await store.read(pool);
    const seen = await look(before);
    const { inputs, now } = seen;
    const decision = decide(inputs, before?.decision);
    const notes = await noticed(seen, before);
    const told = { pool, desired: decision.desired, reason: decision.reason };
    if (decision.cause === 'unknown') {
      metrics.record({ UnknownDecisions: 1 }, { pool });
      logger.warn(PASS_NEWS.undecided, { ...told, notes });
      await record(decision, notes, now);
      return { ...told, outcome: 'unknown' };
    }

    const summary = toSummary(seen, decision, before);
    if (!(await store.replace(summary, before))) {
      logger.info('fleet pass gave way', { pool });
      return { ...told, outcome: 'gaveWay' };
    }
    metrics.record(toMetrics(seen, decision), { pool });
    const outcome = await carryOut(decision, summary, toTarget(seen, decision, before));
    await endOverdue(seen);
    if (outcome !== 'kept' || isNews(decision, notes, before)) {
      logger.info(PASS_NEWS.decided, { ...told, outcome, cause: decision.cause, notes });
      await record(decision, notes, now);
    }
    return { ...told, outcome };
  };

  async function carryOut(
    { numbers }: FleetDecision,
    summary: FleetSummary,
    desired: number | undefined,
  ): Promise<'kept' | 'raised' | 'refused'> {
    if (desired === undefined) return 'kept';
    try {
      await group.raise(desired);
      return 'raised';
    } catch (error) {
      metrics.record({ RefusedRaises: 1 }, { pool });
      logger.error(PASS_NEWS.refused, { pool, desired, error: String(error) });
      // Whoever comes next must not believe that somebody is on the way.
      const asItIs = { ...summary.decision, desired: numbers.running };
      await store.replace({ ...summary, version: summary.version + 1, decision: asItIs }, summary);
      return 'refused';
    }
  }

  /**
   * An instance whose worker never becomes ready, or is not heard of any more, can't end itself. Where there is nothing to do it
   * is taken away; else it is replaced, but not before a boot could be just slow, and later where nobody is heard of:
   * then it may be that nobody can report.
   */
  async function endOverdue({ inputs, members, hasReports, now }: Seen): Promise<void> {
    const { tasks = [], settings, desiredCapacity = 0 } = inputs;
    const graceMs = (hasReports ? OVERDUE_GRACE_SECONDS : SILENT_GRACE_SECONDS) * 1000;
    let capacity = desiredCapacity;
    for (const { id, since, isOverdue } of members) {
      if (!isOverdue) continue;
      if (tasks.length === 0 && capacity > settings.min) {
        capacity -= 1;
        logger.warn('instance without a worker ended', { pool, instanceId: id });
        await readable('overdue', () => group.end(id));
      } else if (now - since >= graceMs) {
        logger.warn('instance without a worker replaced', { pool, instanceId: id });
        await readable('overdue', () => group.replace(id));
      }
    }
  }
};

/** Undefined: the capacity stays. */
const toTarget = (
  { inputs, surplus }: Seen,
  { desired, numbers }: FleetDecision,
  before: FleetSummary | undefined,
): number | undefined => {
  const { desiredCapacity = 0, settings } = inputs;
  // Protected instances outlive a capacity that was lowered by hand or by a schedule. None of them could leave, since each that does
  // lowers it once more: so it is set to what is there. Seen twice, or it is but one that goes right now.
  const healed = desiredCapacity + Math.min(surplus, before?.surplus ?? 0);
  const target = Math.min(desired > numbers.running ? desired : healed, settings.max);
  return target > desiredCapacity ? target : undefined;
};

const toSummary = (seen: Seen, decision: FleetDecision, before: FleetSummary | undefined): FleetSummary => {
  const { fleet, inputs, queued, members, surplus, rates, bootSeconds, oldestAt, now } = seen;
  const { numbers } = decision;
  return {
    ...{
      pool: fleet.pool,
      id: SUMMARY_ID,
      version: (before?.version ?? 0) + 1,
      at: now,
      decision,
      members,
      surplus,
    },
    ...{ min: inputs.settings.min, max: inputs.settings.max, targetWaitSeconds: fleet.targetWaitSeconds },
    ...(fleet.idleSeconds !== undefined && { idleSeconds: fleet.idleSeconds }),
    backlogSeconds: numbers.queuedSeconds + numbers.inFlightSeconds,
    ...(oldestAt !== undefined && { oldestAt }),
    ...estimateQueue(inputs, decision.desired, queued),
    megapixelStepsPerSecond: numbers.megapixelStepsPerSecond,
    ...(bootSeconds !== undefined && { bootSeconds }),
    rates,
  };
};

const toMetrics = ({ queued, members, missing, bootsSeen, oldestAt, now }: Seen, decision: FleetDecision) => {
  const count = (state: string): number => members.filter((member) => member.state === state).length;
  const { queuedSeconds, inFlightSeconds } = decision.numbers;
  const [boot] = bootsSeen;
  return {
    QueuedTasks: queued.length,
    BacklogSeconds: queuedSeconds + inFlightSeconds,
    OldestSeconds: Math.max(0, now - (oldestAt ?? now)) / 1000,
    DesiredCapacity: decision.desired,
    BusyInstances: count('BUSY'),
    BootingInstances: count('BOOTING'),
    MissingInstances: missing,
    OverdueInstances: members.filter(({ isOverdue }) => isOverdue).length,
    ...(boot !== undefined && { BootSeconds: boot }),
  };
};

/** A fleet that sleeps all night says so once. */
const isNews = (
  { desired, cause, reason }: FleetDecision,
  notes: readonly string[],
  before: FleetSummary | undefined,
): boolean =>
  notes.length > 0 ||
  desired !== before?.decision.desired ||
  cause !== before.decision.cause ||
  reason !== before.decision.reason;
