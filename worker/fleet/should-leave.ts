import { FLEET_STALE_SECONDS, type FleetDecision, type FleetView } from '../../contract/fleet.ts';

/*
 * When an idle instance ends itself. Idle time is the price of being there when the next task comes, and a boot the price of
 * not being there; so an instance leaves
 *
 * - when it has been idle for long: for a while where others stay, for longer where it is the last;
 * - not while there are tasks that nobody can take yet: a lost worker's, one that is tried again later, one whose message got
 *   lost. Whoever left then would be launched again at once;
 * - when the others can do all that the fleet has to do. Tasks go to whoever is idle, so that with one instance too many
 *   nobody is idle for long; but everybody is busy for a smaller part of the time, and that one of them can tell by itself.
 *
 * All who are idle ask themselves at the same time, by the same view. So they have turns: by their ids, and only so many as
 * are more than are needed. Whoever was not idle when the view was made has none until the next.
 */

export interface LeaveInputs {
  readonly instanceId: string;
  /** Since it last had a task, or was ready. */
  readonly idleSeconds: number;
  /** The part of the last `BUSY_WINDOW_SECONDS` in which it had a task, 0…1; undefined: it is not up for so long. */
  readonly busyShare?: number;
  /** How many tasks it has had in that window, up for all of it or not. */
  readonly recentTasks: number;
  /** As of the last pass over the fleet; undefined: it is not to be had. */
  readonly fleet?: FleetView;
  readonly min: number;
  readonly targetWaitSeconds: number;
}

export interface LeaveDecision {
  readonly leave: boolean;
  readonly reason: string;
}

export interface LeaveTuning {
  /** How long it stays idle where others stay: that many seconds² over the target, for who wants short waits pays for them. */
  readonly spareIdleTimesTarget: number;
  /** How long the last one stays idle: when tasks come often, and when they do not. */
  readonly lastIdleSeconds: number;
  readonly rareIdleSeconds: number;
  /** Fewer than that in the window are not often. */
  readonly oftenTasks: number;
  /** How busy those who stay may be. What they can't do in time has somebody launched again. */
  readonly fullShare: number;
}

/** Tuned with the fleet's simulator, on half of its traces: `docs/scaling.md`. */
export const LEAVE_TUNING: LeaveTuning = {
  spareIdleTimesTarget: 3600,
  lastIdleSeconds: 150,
  rareIdleSeconds: 5,
  oftenTasks: 6,
  fullShare: 0.95,
};
/** Over which a worker knows how busy it was. */
export const BUSY_WINDOW_SECONDS = 300;

/** What a pass leaves to the workers. */
export const toFleetView = (
  { numbers }: FleetDecision,
  members: FleetView['members'],
  ageSeconds: number,
): FleetView => ({
  ageSeconds,
  backlogSeconds: numbers.queuedSeconds + numbers.inFlightSeconds,
  queued: numbers.queued,
  returning: numbers.returning,
  members: members.map(({ id, state }) => ({ id, state })),
});

export const shouldLeave = (inputs: LeaveInputs, tuning: LeaveTuning = LEAVE_TUNING): LeaveDecision => {
  const { instanceId, idleSeconds, fleet, min } = inputs;
  if (!(idleSeconds > 0)) return stay('it is not idle');
  if (!(min >= 0)) return stay('the least number of instances is not known');
  if (!fleet) return stay('nothing is known of the others');
  if (!(fleet.ageSeconds >= 0 && fleet.ageSeconds <= FLEET_STALE_SECONDS))
    return stay('what is known of the others is old');
  const staying = fleet.members.filter(({ state }) => state !== 'DRAINING');
  const turn = toTurns(staying).indexOf(instanceId);
  if (turn === -1) return stay('it is not among those that were there when the fleet was last looked at');
  const { count, because } = neededOf(inputs, fleet, staying, tuning);
  if (turn >= staying.length - count)
    return stay(`of ${staying.length} instances ${count} are needed, ${because}`);
  const idleFor = `${Math.round(idleSeconds)} s idle`;
  return {
    leave: true,
    reason: `${idleFor}; of ${staying.length} instances ${count} are needed, ${because}`,
  };
};

/** Who may leave first: those who were idle, and then whoever may be by now. Nobody shares a turn with anybody. */
const toTurns = (staying: FleetView['members']): readonly string[] => {
  const idsOf = (isIdle: boolean): string[] =>
    staying.flatMap(({ id, state }) => ((state === 'READY') === isIdle ? [id] : [])).sort();
  return [...idsOf(true), ...idsOf(false)];
};

const stay = (reason: string): LeaveDecision => ({ leave: false, reason });

/** How many must stay, and what for. */
const neededOf = (
  { idleSeconds, busyShare, recentTasks, min, targetWaitSeconds }: LeaveInputs,
  { backlogSeconds, ageSeconds, queued, returning }: FleetView,
  staying: FleetView['members'],
  { spareIdleTimesTarget, lastIdleSeconds, rareIdleSeconds, oftenTasks, fullShare }: LeaveTuning,
): { readonly count: number; readonly because: string } => {
  const all = staying.length;
  const serving = staying.filter(({ state }) => state !== 'BOOTING').length;
  // Whoever is idle finds no task waiting: what there was has been worked on since.
  const left = Math.max(0, backlogSeconds - serving * ageSeconds);
  const isSpare = all === 1 || idleSeconds >= spareIdleTimesTarget / targetWaitSeconds;
  const forLoad = isSpare ? 0 : ((busyShare ?? NaN) * all) / fullShare;
  const patience = recentTasks < oftenTasks ? rareIdleSeconds : lastIdleSeconds;
  // What is not known needs everybody.
  const orAll = (count: number): number => (count >= 0 ? Math.min(Math.ceil(count), all) : all);
  // Who was idle already when tasks were seen to wait could not have them.
  const stranded = returning + (idleSeconds >= ageSeconds ? queued : 0);
  const reasons = [
    { count: min, because: 'for there are never fewer' },
    { count: orAll(left / targetWaitSeconds), because: `for a backlog of ${Math.round(left)} GPU-seconds` },
    { count: stranded > 0 ? 1 : 0, because: `for ${stranded} that nobody can take yet` },
    { count: orAll(forLoad), because: 'for what there has been to do' },
    { count: idleSeconds >= patience ? 0 : 1, because: 'for the next task' },
  ];
  return reasons.reduce((most, reason) => (reason.count > most.count ? reason : most));
};
