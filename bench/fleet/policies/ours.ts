import type { FleetDecision, FleetMember, FleetTask, FleetView } from '../../../contract/fleet.ts';
import { FLEET_PASS_SECONDS } from '../../../contract/fleet.ts';
import { learnBootSeconds } from '../../../worker/fleet/boot-time.ts';
import { decide, POLICY_TUNING, type PolicyTuning } from '../../../worker/fleet/policy.ts';
import {
  LEAVE_TUNING,
  shouldLeave,
  toFleetView,
  type LeaveTuning,
} from '../../../worker/fleet/should-leave.ts';
import type { SimulatedInstance, SimulatedPolicy, View } from '../world.ts';

export interface OursOptions {
  readonly targetWaitSeconds: number;
  readonly instanceType: string;
  readonly min: number;
  readonly max: number;
  readonly tuning?: Partial<PolicyTuning & LeaveTuning>;
  readonly onDecision?: (at: number, decision: FleetDecision) => void;
}

/** What is deployed: the pass once a minute, the early wake at submit, and workers that leave by the last pass's view. */
export const createOurs = (options: OursOptions): SimulatedPolicy => {
  const { targetWaitSeconds, instanceType, min, max, onDecision } = options;
  const policyTuning = { ...POLICY_TUNING, ...options.tuning };
  const leaveTuning = { ...LEAVE_TUNING, ...options.tuning };
  const settings = { instanceType, min, max, targetWaitSeconds };
  let last: FleetDecision | undefined;
  let seen: { readonly at: number; readonly fleet: FleetView } | undefined;
  let boots = 0;
  let bootSeconds: number | undefined;

  const pass = (view: View): number => {
    for (; boots < view.bootsSeen.length; boots += 1)
      bootSeconds = learnBootSeconds(bootSeconds, view.bootsSeen[boots]);
    const instances = view.instances.map((instance) => toMember(instance, view.now));
    last = decide(
      {
        settings,
        tasks: toTasks(view),
        instances,
        desiredCapacity: view.desired,
        ...(bootSeconds !== undefined && { bootSeconds }),
        ...(view.measuredRate !== undefined && { rates: { [instanceType]: view.measuredRate } }),
      },
      last,
      policyTuning,
    );
    seen = { at: view.now, fleet: toFleetView(last, instances, 0) };
    onDecision?.(view.now, last);
    return last.desired;
  };

  return {
    start: min,
    passSeconds: FLEET_PASS_SECONDS,
    scaleIn: 'drain',
    pass,
    onSubmit: (view) => (view.desired === 0 ? pass(view) : view.desired),
    shouldLeave: ({ id, idleSince }, recent, { now }) =>
      shouldLeave(
        {
          ...{ instanceId: id, idleSeconds: now - idleSince, min, targetWaitSeconds },
          ...recent,
          ...(seen && { fleet: { ...seen.fleet, ageSeconds: now - seen.at } }),
        },
        leaveTuning,
      ).leave,
  };
};

const toMember = (instance: SimulatedInstance, now: number): FleetMember => {
  const { id, launchedAt, leaving, readyAt, task } = instance;
  const ageSeconds = now - launchedAt;
  if (leaving) return { id, ageSeconds, state: 'DRAINING' };
  return { id, ageSeconds, state: readyAt === undefined ? 'BOOTING' : task ? 'BUSY' : 'READY' };
};

const toTasks = ({ now, queue, instances }: View): readonly FleetTask[] => [
  ...instances.flatMap(({ task, leaving }): FleetTask[] =>
    // What drains finishes what it has, or has given it back.
    task && !leaving
      ? [
          {
            state: 'RUNNING',
            megapixelSteps: task.megapixelSteps,
            runningSeconds: now - (task.startedAt ?? now),
          },
        ]
      : [],
  ),
  ...queue.map(({ megapixelSteps }): FleetTask => ({ state: 'QUEUED', megapixelSteps })),
];
