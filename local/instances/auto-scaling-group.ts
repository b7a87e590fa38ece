import { randomBytes } from 'node:crypto';
import { setTimeout as timersDelay } from 'node:timers/promises';
import type { Instance } from './instance.ts';

/*
 * The life of an instance:
 *
 *   Pending → InService → Terminating:Wait → Terminating:Proceed → gone
 *
 * It is told to go by its metadata, and then waits: until its lifecycle action is completed, until the hook's time is
 * over, or until its worker has ended, since an instance without a worker has nothing left to hand back. One whose worker
 * ends unasked goes at once, like one that fails EC2's status checks, and one that EC2 takes back does not wait either.
 *
 * Only what is Pending or InService counts towards the desired capacity. So whatever begins to go has its successor
 * launched at once, unless the capacity was lowered with it.
 */

export type LifecycleState = 'Pending' | 'InService' | 'Terminating:Wait' | 'Terminating:Proceed';
export type HealthStatus = 'Healthy' | 'Unhealthy';

export interface AutoScalingGroupOptions {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly newInstancesProtectedFromScaleIn: boolean;
  /** Of termination. Absent: nothing waits. */
  readonly hook?: LifecycleHook | undefined;
  readonly launch: (instanceId: string) => Promise<Instance>;
  readonly log: (line: string) => void;
  /** Pause before a lost instance is replaced, so that one that can't start does not spin; 1 s unless told. */
  readonly replaceDelayMs?: number;
  /** Rejects when the signal aborts. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface LifecycleHook {
  readonly name: string;
  readonly heartbeatSeconds: number;
}

export interface MemberDescription {
  readonly instanceId: string;
  readonly lifecycleState: LifecycleState;
  readonly healthStatus: HealthStatus;
  readonly protectedFromScaleIn: boolean;
}

export interface GroupDescription {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly hook?: LifecycleHook;
  readonly members: readonly MemberDescription[];
}

export interface AutoScalingGroup {
  readonly describe: () => GroupDescription;
  /** Those that run, whatever becomes of them. */
  readonly instances: () => readonly Instance[];
  /** Launches the desired number; rejects when one of them can't be. */
  readonly start: () => Promise<void>;
  /** Grows at once, and shrinks by those that are not protected. */
  readonly setDesiredCapacity: (count: number) => void;
  /** Resolves when the instance is gone. Throws, like the two below, for one that is not of this group. */
  readonly terminate: (instanceId: string, options?: { readonly decrement?: boolean }) => Promise<void>;
  /** An unhealthy one is replaced. */
  readonly setHealth: (instanceId: string, status: HealthStatus) => void;
  /** Announces that EC2 takes the instance back, which happens after `afterMs`: two minutes unless told. */
  readonly noticeSpot: (instanceId: string, afterMs?: number) => void;
  /** False: the instance waits for nothing. */
  readonly completeLifecycleAction: (instanceId: string) => boolean;
  readonly stop: () => Promise<void>;
}

interface Member {
  readonly instanceId: string;
  readonly protectedFromScaleIn: boolean;
  state: LifecycleState;
  health: HealthStatus;
  instance?: Instance;
  /** Aborts when it is told to go, when it need not wait any longer, and when it is gone. */
  readonly terminating: AbortController;
  readonly proceeding: AbortController;
  readonly over: AbortController;
  gone: Promise<void>;
}

const SPOT_NOTICE_MS = 120_000;

export const createAutoScalingGroup = (options: AutoScalingGroupOptions): AutoScalingGroup => {
  const { name, minSize, maxSize, newInstancesProtectedFromScaleIn, hook, launch, log } = options;
  const { replaceDelayMs = 1000, delay = (ms, signal) => timersDelay(ms, undefined, { signal }) } = options;
  const members = new Map<string, Member>();
  const lives = new Set<Promise<void>>();
  const stopping = new AbortController();
  // Once for all of them: a signal warns of its eleventh listener.
  const stopped = aborted(stopping.signal);
  let desired = options.desiredCapacity;

  const memberOf = (instanceId: string): Member => {
    const member = members.get(instanceId);
    if (!member) throw new Error(`${name} has no instance ${instanceId}`);
    return member;
  };

  const inService = (): Member[] =>
    [...members.values()].filter(({ state }) => state === 'Pending' || state === 'InService');

  const reconcile = (): void => {
    if (stopping.signal.aborted) return;
    const present = inService();
    for (let count = present.length; count < desired; count += 1) begin().catch(() => undefined);
    const surplus = Math.max(0, present.length - desired);
    const removable = present.filter(({ protectedFromScaleIn }) => !protectedFromScaleIn);
    // The oldest first. AWS has more to go by: zones, launch templates, the next hour to be billed.
    for (const member of removable.slice(0, surplus)) tellToGo(member);
  };

  /** Resolves when the instance is launched. */
  const begin = (): Promise<void> => {
    const launched = Promise.withResolvers<void>();
    const member: Member = {
      instanceId: `i-${randomBytes(9).toString('hex').slice(0, 17)}`,
      protectedFromScaleIn: newInstancesProtectedFromScaleIn,
      state: 'Pending',
      health: 'Healthy',
      terminating: new AbortController(),
      proceeding: new AbortController(),
      over: new AbortController(),
      gone: Promise.resolve(),
    };
    members.set(member.instanceId, member);
    member.gone = live(member, launched.resolve)
      .catch((error: unknown) => {
        log(`${member.instanceId} was not launched: ${String(error)}`);
        launched.reject(error);
      })
      .finally(() => {
        members.delete(member.instanceId);
        member.over.abort();
      });
    const life = member.gone
      .then(() => elapsed(replaceDelayMs, stopping.signal))
      .then(reconcile)
      .finally(() => lives.delete(life));
    lives.add(life);
    return launched.promise;
  };

  const live = async (member: Member, onLaunched: () => void): Promise<void> => {
    const instance = await launch(member.instanceId);
    member.instance = instance;
    instance.metadata.setTargetLifecycleState('InService');
    if (member.state === 'Pending') member.state = 'InService';
    onLaunched();
    const { exited } = instance.worker;
    const { terminating, proceeding, over } = member;
    await Promise.race([exited, aborted(terminating.signal), stopped]);
    if (terminating.signal.aborted && !proceeding.signal.aborted) {
      instance.metadata.setTargetLifecycleState('Terminated');
      const waited = AbortSignal.any([proceeding.signal, over.signal, stopping.signal]);
      await Promise.race([exited, elapsed((hook?.heartbeatSeconds ?? 0) * 1000, waited)]);
    } else if (!terminating.signal.aborted && !stopping.signal.aborted) {
      const { code, signal } = await exited;
      log(`${member.instanceId} ended (${signal ?? `exit code ${code}`}), launching another`);
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

  const tellToGo = (member: Member, mayWait = true): void => {
    member.state = hook && mayWait ? 'Terminating:Wait' : 'Terminating:Proceed';
    if (member.state === 'Terminating:Proceed') member.proceeding.abort();
    member.terminating.abort();
  };

  const terminate: AutoScalingGroup['terminate'] = (instanceId, { decrement = false } = {}) => {
    const member = memberOf(instanceId);
    if (!member.terminating.signal.aborted) {
      if (decrement) desired -= 1;
      log(`${instanceId} must go`);
      tellToGo(member);
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
      ...(hook && { hook }),
      members: [...members.values()].map(({ instanceId, state, health, protectedFromScaleIn }) => ({
        instanceId,
        lifecycleState: state,
        healthStatus: health,
        protectedFromScaleIn,
      })),
    }),
    instances: () => [...members.values()].flatMap(({ instance }) => instance ?? []),
    start: async () => {
      await Promise.all(Array.from({ length: desired }, begin));
    },
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
      member.instance?.metadata.noticeSpot(Date.now() + afterMs);
      void elapsed(afterMs, AbortSignal.any([member.over.signal, stopping.signal])).then((isOver) => {
        if (!isOver) return;
        tellToGo(member, false);
        reconcile();
      });
    },
    completeLifecycleAction: (instanceId) => {
      const member = members.get(instanceId);
      if (member?.state !== 'Terminating:Wait') return false;
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

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
