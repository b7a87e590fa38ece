import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Activity } from './activities.ts';
import {
  createAutoScalingGroup,
  type AutoScalingGroup,
  type AutoScalingGroupOptions,
  type LifecycleHook,
} from './auto-scaling-group.ts';
import { createFakeInstance, type FakeInstance } from './fake-instance.ts';

const groups: AutoScalingGroup[] = [];
afterEach(async () => {
  await Promise.all(groups.splice(0).map((group) => group.stop()));
});

const READY: LifecycleHook = { name: 'ready', heartbeatSeconds: 1200, defaultResult: 'ABANDON' };
const DRAIN: LifecycleHook = { name: 'drain', heartbeatSeconds: 600, defaultResult: 'CONTINUE' };

/** A group whose waiting is over when the test says so: `pass(ms)` for all waits of that length. */
const create = (options: Partial<AutoScalingGroupOptions> = {}) => {
  const launched: FakeInstance[] = [];
  const waits: { ms: number; end: () => void }[] = [];
  const group = createAutoScalingGroup({
    name: 'workers',
    minSize: 0,
    maxSize: 4,
    desiredCapacity: 1,
    newInstancesProtectedFromScaleIn: true,
    instanceType: 'g5.xlarge',
    hooks: { terminating: DRAIN },
    launch: async (instanceId) => {
      const instance = createFakeInstance(instanceId);
      launched.push(instance);
      return instance;
    },
    log: () => undefined,
    delay: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        waits.push({ ms, end: resolve });
      }),
    ...options,
  });
  groups.push(group);
  const pass = async (ms: number): Promise<void> => {
    await vi.waitFor(() => expect(waits.map((wait) => wait.ms)).toContain(ms));
    for (const wait of waits) if (wait.ms === ms) wait.end();
  };
  const states = () => group.describe().members.map(({ lifecycleState }) => lifecycleState);
  return { group, launched, pass, states, waits };
};

const start = async (options: Partial<AutoScalingGroupOptions> = {}) => {
  const created = create(options);
  await created.group.start();
  return { ...created, first: created.launched[0] as FakeInstance };
};

const HEARTBEAT_MS = 600_000;

describe('a group', () => {
  it('launches the desired number', async () => {
    const { group, states } = await start({ desiredCapacity: 3 });
    expect(states()).toEqual(['InService', 'InService', 'InService']);
    expect(new Set(group.instances().map(({ instanceId }) => instanceId)).size).toBe(3);
  });

  it('does not start when an instance can’t be launched', async () => {
    const { group } = create({ launch: () => Promise.reject(new Error('No capacity')) });
    await expect(group.start()).rejects.toThrow('No capacity');
  });

  it('grows at once', async () => {
    const { group, launched, states } = await start();
    group.setDesiredCapacity(3);
    expect(states()).toEqual(['InService', 'Pending', 'Pending']);
    await vi.waitFor(() => expect(states()).toEqual(['InService', 'InService', 'InService']));
    expect(launched).toHaveLength(3);
  });

  it('tries again, after a pause, when a launch failed', async () => {
    let failures = 1;
    const { group, states, pass } = await start({
      desiredCapacity: 0,
      launch: (instanceId) =>
        failures-- > 0
          ? Promise.reject(new Error('No capacity'))
          : Promise.resolve(createFakeInstance(instanceId)),
    });
    group.setDesiredCapacity(1);
    await pass(1000);
    await vi.waitFor(() => expect(states()).toEqual(['InService']));
  });

  it('shrinks by those that are not protected, the oldest first', async () => {
    const { group, first, states } = await start({
      desiredCapacity: 2,
      newInstancesProtectedFromScaleIn: false,
    });
    group.setDesiredCapacity(1);
    expect(states()).toEqual(['Terminating:Wait', 'InService']);
    await vi.waitFor(() => expect(first.told).toEqual(['InService', 'Terminated']));
  });

  it('ends no protected instance when the capacity is lowered', async () => {
    const { group, states } = await start({ desiredCapacity: 2 });
    group.setDesiredCapacity(1);
    expect(states()).toEqual(['InService', 'InService']);
  });

  it('replaces an instance whose worker ended, after a pause', async () => {
    const { group, first, launched, pass } = await start();
    first.crash();
    await vi.waitFor(() => expect(group.instances()).toEqual([]));
    expect(first.isStopped).toBe(true);
    await pass(1000);
    await vi.waitFor(() => expect(group.instances()).toEqual([launched[1]]));
  });

  it('leaves nothing running when it is stopped, and waits for no hook', async () => {
    const { group, first, launched } = await start({ desiredCapacity: 2 });
    void group.terminate(first.instanceId);
    await group.stop();
    expect(launched.map(({ isStopped }) => isStopped)).toEqual(launched.map(() => true));
    expect(group.instances()).toEqual([]);
  });
});

describe('an instance that must go', () => {
  it('is told, is replaced, and waits for the end of its lifecycle action', async () => {
    const { group, first, states } = await start();
    const gone = group.terminate(first.instanceId);
    expect(states()).toEqual(['Terminating:Wait', 'Pending']);
    await vi.waitFor(() => expect(first.told).toEqual(['InService', 'Terminated']));
    expect(first.isStopped).toBe(false);
    expect(group.completeLifecycleAction(first.instanceId, 'drain', 'CONTINUE')).toBe(true);
    await gone;
    expect(first.isStopped).toBe(true);
    expect(states()).toEqual(['InService']);
    expect(group.completeLifecycleAction(first.instanceId, 'drain', 'CONTINUE')).toBe(false);
  });

  it('waits no longer than the hook’s time', async () => {
    const { group, first, pass } = await start();
    const gone = group.terminate(first.instanceId);
    await pass(HEARTBEAT_MS);
    await gone;
    expect(first.isStopped).toBe(true);
  });

  it('goes when its worker has ended', async () => {
    const { group, first } = await start();
    const gone = group.terminate(first.instanceId);
    first.crash();
    await gone;
    expect(first.isStopped).toBe(true);
  });

  it('goes at once where nothing holds it', async () => {
    const { group, first } = await start({ hooks: {} });
    await group.terminate(first.instanceId);
    expect(first.isStopped).toBe(true);
  });

  it('is not replaced when the capacity is lowered with it', async () => {
    const { group, first, states } = await start({ desiredCapacity: 2 });
    const gone = group.terminate(first.instanceId, { decrement: true });
    expect(states()).toEqual(['Terminating:Wait', 'InService']);
    group.completeLifecycleAction(first.instanceId, 'drain', 'CONTINUE');
    await gone;
    expect([states(), group.describe().desiredCapacity]).toEqual([['InService'], 1]);
  });

  it('is ended once, however often that is asked for', async () => {
    const { group, first, launched } = await start({ desiredCapacity: 2 });
    void group.terminate(first.instanceId, { decrement: true });
    void group.terminate(first.instanceId, { decrement: true });
    group.setHealth(first.instanceId, 'Unhealthy');
    expect(group.describe().desiredCapacity).toBe(1);
    expect(launched).toHaveLength(2);
  });

  it('may have been called unhealthy', async () => {
    const { group, first, states } = await start();
    group.setHealth(first.instanceId, 'Unhealthy');
    expect(group.describe().members[0]).toMatchObject({
      lifecycleState: 'Terminating:Wait',
      healthStatus: 'Unhealthy',
    });
    expect(states()).toEqual(['Terminating:Wait', 'Pending']);
  });

  it('has to be of this group', async () => {
    const { group } = await start();
    expect(() => group.terminate('i-other')).toThrow('workers has no instance i-other');
    expect(() => group.setHealth('i-other', 'Unhealthy')).toThrow();
    expect(() => group.noticeSpot('i-other')).toThrow();
    expect(() => group.noticeRebalance('i-other')).toThrow();
  });
});

describe('an instance that EC2 takes back', () => {
  it('is told two minutes before, and then waits for nothing', async () => {
    const { group, first, pass, states } = await start();
    group.noticeSpot(first.instanceId);
    expect(first.told).toEqual(['InService', 'spot']);
    expect(states()).toEqual(['InService']);
    await pass(120_000);
    await vi.waitFor(() => expect(first.isStopped).toBe(true));
    expect(first.told).not.toContain('Terminated');
    await vi.waitFor(() => expect(states()).toEqual(['InService']));
    expect(group.instances()).not.toContain(first);
  });

  it('is replaced early when its worker has left', async () => {
    const { group, first, pass, launched } = await start();
    group.noticeSpot(first.instanceId);
    first.crash();
    await pass(1000);
    await vi.waitFor(() => expect(group.instances()).toEqual([launched[1]]));
  });
});

describe('an instance that was launched', () => {
  const HOOKS = { launching: READY, terminating: DRAIN };
  const READY_MS = 1_200_000;
  const last = (activities: readonly Activity[]) => activities[0]?.statusCode;

  it('is in service when its lifecycle action is completed, and not before', async () => {
    const { group, first, states } = await start({ hooks: HOOKS });
    expect([states(), last(group.activities())]).toEqual([['Pending:Wait'], 'MidLifecycleAction']);
    expect(first.told).toEqual(['InService']);
    expect(group.completeLifecycleAction(first.instanceId, 'ready', 'CONTINUE')).toBe(true);
    expect(states()).toEqual(['Pending:Proceed']);
    await vi.waitFor(() => expect(states()).toEqual(['InService']));
    expect(last(group.activities())).toBe('Successful');
    expect(group.completeLifecycleAction(first.instanceId, 'ready', 'CONTINUE')).toBe(false);
  });

  it('waits for its own hook alone', async () => {
    const { group, first, states } = await start({ hooks: HOOKS });
    expect(group.completeLifecycleAction(first.instanceId, 'drain', 'CONTINUE')).toBe(false);
    expect(group.completeLifecycleAction(first.instanceId, 'other', 'CONTINUE')).toBe(false);
    expect(states()).toEqual(['Pending:Wait']);
  });

  it('counts towards the capacity while it waits', async () => {
    const { group, launched } = await start({ hooks: HOOKS, desiredCapacity: 2 });
    group.setDesiredCapacity(2);
    expect(launched).toHaveLength(2);
  });

  it.each([
    ['its time is over', 'Heartbeat Timeout'],
    ['its lifecycle action says so', 'Lifecycle Action Completed with ABANDON Result'],
  ])('is replaced when %s', async (_name, why) => {
    const { group, first, launched, pass, states } = await start({ hooks: HOOKS });
    if (why === 'Heartbeat Timeout') await pass(READY_MS);
    else group.completeLifecycleAction(first.instanceId, 'ready', 'ABANDON');
    await vi.waitFor(() => expect(states()).toEqual(['Terminating:Wait', 'Pending:Wait']));
    await vi.waitFor(() => expect(first.told).toEqual(['InService', 'Terminated']));
    group.completeLifecycleAction(first.instanceId, 'drain', 'CONTINUE');
    await vi.waitFor(() => expect(group.instances()).toEqual([launched[1]]));
    expect(first.isStopped).toBe(true);
    expect(group.activities().find(({ statusCode }) => statusCode === 'Cancelled')).toMatchObject({
      instanceId: first.instanceId,
      statusMessage: expect.stringContaining(why) as string,
    });
  });

  it('is in service when its time is over where that is the hook’s default', async () => {
    const launching: LifecycleHook = { ...READY, defaultResult: 'CONTINUE' };
    const { pass, states } = await start({ hooks: { launching } });
    await pass(READY_MS);
    await vi.waitFor(() => expect(states()).toEqual(['InService']));
  });

  it('may be ended while it waits, and is not abandoned later', async () => {
    const { group, first, states } = await start({ hooks: HOOKS });
    const gone = group.terminate(first.instanceId, { decrement: true });
    expect(states()).toEqual(['Terminating:Wait']);
    expect(group.completeLifecycleAction(first.instanceId, 'ready', 'CONTINUE')).toBe(false);
    group.completeLifecycleAction(first.instanceId, 'drain', 'CONTINUE');
    await gone;
    expect(states()).toEqual([]);
  });

  it('boots before its processes run, which nobody waits for', async () => {
    const { group, launched, pass, states } = create({ hooks: HOOKS, bootMs: 7000 });
    await group.start();
    expect([states(), launched, group.instances()]).toEqual([['Pending:Wait'], [], []]);
    const [member] = group.describe().members;
    group.noticeRebalance(member?.instanceId ?? '');
    await pass(7000);
    await vi.waitFor(() => expect(launched[0]?.told).toEqual(['InService', 'rebalance']));
    expect(group.instances()).toEqual(launched);
  });

  it('may be ended as it boots, and has nothing to hand back then', async () => {
    const { group, launched } = create({ hooks: HOOKS, bootMs: 7000 });
    await group.start();
    await group.terminate(group.describe().members[0]?.instanceId ?? '', { decrement: true });
    expect([launched, group.describe().members]).toEqual([[], []]);
  });
});

describe('an instance for which EC2 recommends another', () => {
  it('is told, and stays', async () => {
    const { group, first, states } = await start();
    group.noticeRebalance(first.instanceId);
    expect(first.told).toEqual(['InService', 'rebalance']);
    expect(states()).toEqual(['InService']);
  });
});

describe('a group for which EC2 has no capacity', () => {
  const failures = (group: AutoScalingGroup) =>
    group.activities().filter(({ statusCode }) => statusCode === 'Failed');

  it('says why, tries again after a pause, and grows when there is some', async () => {
    const { group, pass, states } = await start();
    group.refuseLaunches('There is none.');
    group.setDesiredCapacity(3);
    expect(states()).toEqual(['InService']);
    expect(failures(group)).toMatchObject([{ statusMessage: 'There is none.' }]);
    await pass(1000);
    await vi.waitFor(() => expect(failures(group)).toHaveLength(2));
    group.refuseLaunches(undefined);
    await vi.waitFor(() => expect(states()).toEqual(['InService', 'InService', 'InService']));
  });

  it('tries again whenever it is asked for more, and waits once', async () => {
    const { group, waits } = await start();
    group.refuseLaunches('There is none.');
    group.setDesiredCapacity(3);
    group.setDesiredCapacity(4);
    expect(failures(group)).toHaveLength(2);
    expect(waits.filter(({ ms }) => ms === 1000)).toHaveLength(1);
  });

  it('still ends instances, which nobody replaces', async () => {
    const { group, first, states } = await start();
    group.refuseLaunches('There is none.');
    void group.terminate(first.instanceId);
    expect(states()).toEqual(['Terminating:Wait']);
    expect(failures(group)).toHaveLength(1);
  });
});
