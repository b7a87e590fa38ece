import { randomBytes } from 'node:crypto';
import { setTimeout as timersDelay } from 'node:timers/promises';
import type { MetadataService } from '../auto-scaling/metadata-service.ts';
import { createActivities, type Activity, type RunningActivity } from './activities.ts';
import type { Instance } from './instance.ts';

/*
 * One state machine, the life of an instance:
 *
 *   Pending → Pending:Wait → Pending:Proceed → InService → Terminating → Terminating:Wait → Terminating:Proceed → gone
 *
 * The hook of launching holds it in Pending:Wait until its lifecycle action is completed. When that says ABANDON, or the
 * hook's time is over and its default result says so, it is terminated. Without such a hook it is in service once it runs.
 *
 * It is told to go by its metadata, from whichever state, and then waits: until the lifecycle action of the hook of
 * terminating is completed, until that hook's time is over, or until its worker has ended, since an instance without a
 * worker has nothing left to hand back. One whose worker ends unasked goes at once, like one that fails EC2's status checks,
 * and one that EC2 takes back does not wait either.
 *
 * Only what is Pending or InService counts towards the desired capacity. So whatever begins to go has its successor
 * launched at once, unless the capacity was lowered with it.
 */

export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed';
export type HealthStatus = 'Healthy' | 'Unhealthy';

export interface AutoScalingGroupOptions {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  /** What is launched. */
  readonly instanceType: string;
  readonly newInstancesProtectedFromScaleIn: boolean;
  readonly hooks?: LifecycleHooks;
  /** Resolves when its processes run; launched at, in milliseconds since 1970. */
  readonly launch: (instanceId: string, launchedAt: number) => Promise<Instance>;
  readonly log: (line: string) => void;
  /** Receives what the service tells EventBridge (Auto Scaling user guide, "EventBridge"); nobody does unless told. */
  readonly emit?: (detailType: string, detail: { readonly EC2InstanceId?: string }) => void;
  /** From the launch of an instance until its processes are started; 0 unless told. */
  readonly bootMs?: number;
  /** From being told to go until its hook holds an instance; 0 unless told. */
  readonly terminatingMs?: number;
  /** Pause before a lost instance is replaced, so that one that can't start does not spin; 1 s unless told. */
  readonly replaceDelayMs?: number;
  /** Rejects when the signal aborts. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** At most one each; without one nothing waits. */
export interface LifecycleHooks {
  readonly launching?: LifecycleHook;
  readonly terminating?: LifecycleHook;
}

export interface LifecycleHook {
  readonly name: string;
  readonly heartbeatSeconds: number;
  /** When the time is over. Of no consequence for an instance that goes anyway. */
  readonly defaultResult: LifecycleResult;
}

export type LifecycleResult = 'CONTINUE' | 'ABANDON';

export interface MemberDescription {
  readonly instanceId: string;
  readonly instanceType: string;
  /** Milliseconds since 1970. */
  readonly launchedAt: number;
  readonly lifecycleState: LifecycleState;
  readonly healthStatus: HealthStatus;
  readonly protectedFromScaleIn: boolean;
}

export interface GroupDescription {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly hooks: LifecycleHooks;
  readonly suspendedProcesses: readonly string[];
  readonly members: readonly MemberDescription[];
}

export interface AutoScalingGroup {
  readonly describe: () => GroupDescription;
  /** What has changed, the latest first; the last hundred. */
  readonly activities: () => readonly Activity[];
  /** Those whose processes run, whatever becomes of them. */
  readonly instances: () => readonly Instance[];
  /** Launches the desired number; rejects when one of them can't be. Their boot is not waited for, if they have one. */
  readonly start: () => Promise<void>;
  /** Grows at once, and shrinks by those that are not protected. */
  readonly setDesiredCapacity: (count: number) => void;
  /** Is remembered. What this group plays of `AZRebalance` it does not do anyway. */
  readonly suspendProcesses: (processes: readonly string[]) => void;
  /** Resolves when the instance is gone. Throws, like the three below, for one that is not of this group. */
  readonly terminate: (instanceId: string, options?: { readonly decrement?: boolean }) => Promise<void>;
  /** An unhealthy one is replaced. */
  readonly setHealth: (instanceId: string, status: HealthStatus) => void;
  /** Announces that EC2 takes the instance back, which happens after `afterMs`: two minutes unless told. */
  readonly noticeSpot: (instanceId: string, afterMs?: number) => void;
  /** EC2 ends it, which its group learns by a health check: nobody is told before, and no hook holds it. */
  readonly lose: (instanceId: string) => void;
  /** Recommends another instance instead of it. Nothing follows from that by itself. */
  readonly noticeRebalance: (instanceId: string) => void;
  /** From now on EC2 launches nothing, and says this; undefined: it does again. */
  readonly refuseLaunches: (message: string | undefined) => void;
  /** False: the instance does not wait for that hook. */
  readonly completeLifecycleAction: (instanceId: string, hook: string, result: LifecycleResult) => boolean;
  readonly stop: () => Promise<void>;
}

interface Member {
  readonly instanceId: string;
  readonly protectedFromScaleIn: boolean;
  readonly launchedAt: number;
  state: LifecycleState;
  health: HealthStatus;
  instance?: Instance;
  /** What its metadata is to say once it has some. */
  readonly untold: ((metadata: MetadataService) => void)[];
  readonly launching: RunningActivity;
  leaving?: RunningActivity;
  /** Aborts when its launch is completed, it is told to go, it need not wait any longer, and it is gone. */
  readonly launched: AbortController;
  readonly terminating: AbortController;
  readonly proceeding: AbortController;
  readonly over: AbortController;
  gone: Promise<void>;
}

const SPOT_NOTICE_MS = 120_000;

export const createAutoScalingGroup = (options: AutoScalingGroupOptions): AutoScalingGroup => {
  const { name, minSize, maxSize, newInstancesProtectedFromScaleIn, launch, log } = options;
  const { instanceType, hooks = {}, bootMs = 0, terminatingMs = 0, replaceDelayMs = 1000 } = options;
  const { emit = () => undefined } = options;
  const { delay = (ms, signal) => timersDelay(ms, undefined, { signal }) } = options;
  const activities = createActivities(Date.now);
  const members = new Map<string, Member>();
  const lives = new Set<Promise<void>>();
  const stopping = new AbortController();
  // Once for all of them: a signal warns of its eleventh listener.
  const stopped = aborted(stopping.signal);
  let desired = options.desiredCapacity;
  let refusal: string | undefined;
  let isRetrying = false;
  const suspended = new Set<string>();

  const memberOf = (instanceId: string): Member => {
    const member = members.get(instanceId);
    if (!member) throw new Error(`${name} has no instance ${instanceId}`);
    return member;
  };

  const present = (): Member[] =>
    [...members.values()].filter(({ state }) => state === 'InService' || state.startsWith('Pending'));

  const reconcile = (): void => {
    if (stopping.signal.aborted) return;
    const before = present();
    if (before.length < desired && refusal !== undefined) refuse(refusal);
    else for (let count = before.length; count < desired; count += 1) begin().catch(() => undefined);
    const surplus = Math.max(0, before.length - desired);
    const removable = before.filter(({ protectedFromScaleIn }) => !protectedFromScaleIn);
    // The oldest first. AWS has more to go by: zones, launch templates, the next hour to be billed.
    for (const member of removable.slice(0, surplus)) {
      tellToGo(member, 'in response to a difference between desired and actual capacity');
    }
  };

  /** One attempt, whatever the number that is missing: there is one timer for the next. */
  const refuse = (message: string): void => {
    activities.fail(message, toLaunchCause(present().length, desired));
    emit('EC2 Instance Launch Unsuccessful', {});
    if (isRetrying) return;
    isRetrying = true;
    const retry = elapsed(replaceDelayMs, stopping.signal)
      .then(() => {
        isRetrying = false;
        reconcile();
      })
      .finally(() => lives.delete(retry));
    lives.add(retry);
  };

  /** Resolves when the instance is launched. */
  const begin = (): Promise<void> => {
    const launched = Promise.withResolvers<void>();
    const instanceId = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
    const member: Member = {
      instanceId,
      protectedFromScaleIn: newInstancesProtectedFromScaleIn,
      launchedAt: Date.now(),
      state: 'Pending',
      health: 'Healthy',
      untold: [],
      launching: activities.begin({
        instanceId,
        description: `Launching a new EC2 instance: ${instanceId}`,
        cause: toLaunchCause(present().length, desired),
      }),
      launched: new AbortController(),
      terminating: new AbortController(),
      proceeding: new AbortController(),
      over: new AbortController(),
      gone: Promise.resolve(),
    };
    members.set(instanceId, member);
    member.gone = live(member, launched.resolve)
      .catch((error: unknown) => {
        log(`${instanceId} was not launched: ${String(error)}`);
        member.launching.end('Failed', String(error));
        launched.reject(error);
      })
      .finally(() => {
        members.delete(instanceId);
        member.launching.end('Cancelled', `${instanceId} was terminated before it was in service`);
        member.leaving?.end('Successful');
        member.over.abort();
        if (!stopping.signal.aborted)
          emit('EC2 Instance Terminate Successful', { EC2InstanceId: instanceId });
      });
    const life = member.gone
      .then(() => elapsed(replaceDelayMs, stopping.signal))
      .then(reconcile)
      .finally(() => lives.delete(life));
    lives.add(life);
    return launched.promise;
  };

  const live = async (member: Member, onLaunched: () => void): Promise<void> => {
    const { terminating, proceeding, over } = member;
    if (bootMs > 0) {
      enter(member);
      onLaunched();
      await elapsed(bootMs, AbortSignal.any([terminating.signal, stopping.signal]));
      if (terminating.signal.aborted || stopping.signal.aborted) return;
    }
    const instance = await launch(member.instanceId, member.launchedAt);
    member.instance = instance;
    instance.metadata.setTargetLifecycleState('InService');
    for (const tellIt of member.untold.splice(0)) tellIt(instance.metadata);
    enter(member);
    onLaunched();
    const { exited } = instance.worker;
    await Promise.race([exited, aborted(terminating.signal), stopped]);
    if (terminating.signal.aborted && !proceeding.signal.aborted) {
      instance.metadata.setTargetLifecycleState('Terminated');
      const waited = AbortSignal.any([proceeding.signal, over.signal, stopping.signal]);
      await Promise.race([exited, elapsed((hooks.terminating?.heartbeatSeconds ?? 0) * 1000, waited)]);
    } else if (!terminating.signal.aborted && !stopping.signal.aborted) {
      const { code, signal } = await exited;
      log(`${member.instanceId} ended (${signal ?? `exit code ${code}`}), launching another`);
      beginToLeave(member, 'in response to an EC2 health check indicating it has been terminated or stopped');
    }
    member.state = 'Terminating:Proceed';
    await instance.stop();
  };

  /** True: the time has passed; false: the signal came first. */
  const elapsed = (ms: number, signal: AbortSignal): Promise<boolean> =>
    delay(ms, signal).then(
      () => true,
      () => false,
    );

  /** It runs: now its hook holds it, or it is in service. */
  const enter = (member: Member): void => {
    if (member.state !== 'Pending') return;
    const { launching: hook } = hooks;
    if (!hook) return serve(member);
    member.state = 'Pending:Wait';
    member.launching.wait();
    const { launched, terminating, over } = member;
    const held = AbortSignal.any([launched.signal, terminating.signal, over.signal, stopping.signal]);
    void elapsed(hook.heartbeatSeconds * 1000, held).then((isOver) => {
      if (isOver) endLaunch(member, hook.defaultResult, 'Heartbeat Timeout');
    });
  };

  const endLaunch = (member: Member, result: LifecycleResult, why: string): void => {
    const { instanceId } = member;
    member.launched.abort();
    if (result === 'CONTINUE') {
      member.state = 'Pending:Proceed';
      queueMicrotask(() => serve(member));
      return;
    }
    log(`${instanceId} was abandoned: ${why}`);
    member.launching.end(
      'Cancelled',
      `Instance failed to complete user's Lifecycle Action: Lifecycle Action was abandoned: ${why}`,
    );
    tellToGo(member, 'because its launch was abandoned');
    reconcile();
  };

  const serve = (member: Member): void => {
    if (!member.state.startsWith('Pending')) return;
    member.state = 'InService';
    member.launching.end('Successful');
    emit('EC2 Instance Launch Successful', { EC2InstanceId: member.instanceId });
  };

  const beginToLeave = (member: Member, cause: string): void => {
    const { instanceId } = member;
    member.leaving ??= activities.begin({
      instanceId,
      description: `Terminating EC2 instance: ${instanceId}`,
      cause: `At ${new Date().toISOString()} an instance was taken out of service ${cause}.`,
    });
  };

  const hold = (member: Member): void => {
    if (member.state !== 'Terminating') return;
    member.state = 'Terminating:Wait';
    member.leaving?.wait();
    emit('EC2 Instance-terminate Lifecycle Action', { EC2InstanceId: member.instanceId });
  };

  const tellToGo = (member: Member, cause: string, mayWait = true): void => {
    beginToLeave(member, cause);
    if (hooks.terminating && mayWait) {
      member.state = 'Terminating';
      // As on AWS, whoever is quick finds nothing yet to complete.
      if (terminatingMs === 0) hold(member);
      else {
        const over = AbortSignal.any([member.over.signal, stopping.signal]);
        void elapsed(terminatingMs, over).then(() => hold(member));
      }
    } else {
      member.state = 'Terminating:Proceed';
      member.proceeding.abort();
    }
    member.terminating.abort();
  };

  /** Tells it by its metadata, as soon as it has some. */
  const tell = ({ instance, untold }: Member, tellIt: (metadata: MetadataService) => void): void => {
    if (instance) tellIt(instance.metadata);
    else untold.push(tellIt);
  };

  const terminate: AutoScalingGroup['terminate'] = (instanceId, { decrement = false } = {}) => {
    const member = memberOf(instanceId);
    if (!member.terminating.signal.aborted) {
      if (decrement) desired -= 1;
      log(`${instanceId} must go`);
      tellToGo(member, 'in response to a user request');
      reconcile();
    }
    return member.gone;
  };

  return {
    describe: () => ({
      name,
      minSize,
      maxSize,
      desiredCapacity: desired,
      hooks,
      suspendedProcesses: [...suspended],
      members: [...members.values()].map(
        ({ instanceId, launchedAt, state, health, protectedFromScaleIn }) => ({
          instanceId,
          instanceType,
          launchedAt,
          lifecycleState: state,
          healthStatus: health,
          protectedFromScaleIn,
        }),
      ),
    }),
    activities: activities.list,
    instances: () => [...members.values()].flatMap(({ instance }) => instance ?? []),
    start: async () => {
      await Promise.all(Array.from({ length: desired }, begin));
    },
    suspendProcesses: (processes) => processes.forEach((process) => suspended.add(process)),
    setDesiredCapacity: (count) => {
      desired = count;
      reconcile();
    },
    terminate,
    setHealth: (instanceId, status) => {
      memberOf(instanceId).health = status;
      if (status === 'Unhealthy') void terminate(instanceId);
    },
    noticeSpot: (instanceId, afterMs = SPOT_NOTICE_MS) => {
      const member = memberOf(instanceId);
      const at = Date.now() + afterMs;
      tell(member, ({ noticeSpot }) => noticeSpot(at));
      void elapsed(afterMs, AbortSignal.any([member.over.signal, stopping.signal])).then((isOver) => {
        if (!isOver) return;
        tellToGo(member, 'in response to an EC2 instance interruption notice', false);
        reconcile();
      });
    },
    lose: (instanceId) => {
      tellToGo(
        memberOf(instanceId),
        'in response to an EC2 health check indicating it has been terminated or stopped',
        false,
      );
      reconcile();
    },
    noticeRebalance: (instanceId) => {
      const at = Date.now();
      tell(memberOf(instanceId), ({ noticeRebalance }) => noticeRebalance(at));
    },
    refuseLaunches: (message) => {
      log(message === undefined ? 'EC2 launches instances again' : `EC2 launches nothing: ${message}`);
      refusal = message;
      reconcile();
    },
    completeLifecycleAction: (instanceId, hook, result) => {
      const member = members.get(instanceId);
      if (member?.state === 'Pending:Wait' && hook === hooks.launching?.name) {
        endLaunch(member, result, `Lifecycle Action Completed with ${result} Result`);
        return true;
      }
      if (member?.state !== 'Terminating:Wait' || hook !== hooks.terminating?.name) return false;
      member.state = 'Terminating:Proceed';
      member.proceeding.abort();
      return true;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(lives);
    },
  };
};

/** In the words of the service. */
const toLaunchCause = (from: number, to: number): string =>
  `At ${new Date().toISOString()} an instance was started in response to a difference between desired and actual capacity, ` +
  `increasing the capacity from ${from} to ${to}.`;

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
