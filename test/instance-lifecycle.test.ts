import {
  AutoScalingClient,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clientOf, useStack } from './helpers/stack.ts';

/* Instances that must go: told by their metadata, as on EC2, and given time to hand back what they have. */

// As the template bounds it: a fleet of a given number can't grow.
const stackOf = useStack({
  instances: undefined,
  webui: { arguments: ['--profile', 'demo'] },
  config: { workers: { minCapacity: 1 } },
});

let autoScaling: AutoScalingClient;
beforeAll(() => {
  autoScaling = new AutoScalingClient(stackOf().client);
});
afterAll(() => autoScaling.destroy());

const members = () => stackOf().fleet.describe().members;
const groupName = () => stackOf().fleet.describe().name;
const theInstance = async () =>
  vi.waitFor(
    () => {
      const [instance, ...others] = stackOf().inspect.instances();
      expect(others).toEqual([]);
      if (!instance?.healthUrl()) throw new Error('The worker has not said where its health is told');
      return instance;
    },
    { timeout: 20_000 },
  );

const healthOf = async (url = '') =>
  (await (await fetch(url)).json()) as { status: string; workerId: string };

const inService = () =>
  vi.waitFor(() => expect(members().map(({ lifecycleState }) => lifecycleState)).toEqual(['InService']), {
    timeout: 20_000,
  });

describe('a worker', () => {
  it('tells its health where its log says', async () => {
    const instance = await theInstance();
    await vi.waitFor(async () => expect((await healthOf(instance.healthUrl())).status).toBe('ready'), {
      timeout: 20_000,
    });
    expect((await healthOf(instance.healthUrl())).workerId).toBe(instance.instanceId);
  });

  it('has its instance taken into service once it has proved itself', async () => {
    const { instanceId } = await theInstance();
    await inService();
    expect(stackOf().fleet.activities()).toMatchObject([{ instanceId, statusCode: 'Successful' }]);
    expect(callsOf('AutoScaling.CompleteLifecycleAction')).toBe(1);
  });
});

/** Runs a task, and has something happen to its instance meanwhile. */
const runWhile = async (happen: (instanceId: string) => void) => {
  const instance = await theInstance();
  const handle = await clientOf(stackOf()).submit({
    txt2img: { prompt: 'not lost', width: 64, height: 64, steps: 150, seed: 1 },
  });
  let happened = false;
  for await (const { status } of handle.updates()) {
    if (status === 'RUNNING' && !happened) happen(instance.instanceId);
    happened ||= status === 'RUNNING';
  }
  await vi.waitFor(() => expect(stackOf().inspect.instances()).not.toContain(instance), { timeout: 20_000 });
  return handle.result();
};

const callsOf = (name: string): number =>
  Object.values(stackOf().inspect.calls()).reduce((sum, counts) => sum + (counts[name] ?? 0), 0);

describe('an instance that the group ends', () => {
  it('is waited for until its worker has left, and is replaced', async () => {
    const states: string[] = [];
    const before = callsOf('AutoScaling.CompleteLifecycleAction');
    const task = await runWhile((instanceId) => {
      void stackOf().fleet.terminate(instanceId);
      states.push(...members().map(({ lifecycleState }) => lifecycleState));
    });
    expect(states).toEqual(['Terminating', 'Pending']);
    expect(task).toMatchObject({ status: 'SUCCEEDED', failures: 0 });
    // Its successor is waited for as well.
    await inService();
    expect(callsOf('AutoScaling.CompleteLifecycleAction') - before).toBe(2);
  }, 60_000);
});

describe('an instance for which EC2 recommends another', () => {
  it('has a successor launched first, is left by its worker, and costs the task nothing', async () => {
    await inService();
    const before = callsOf('AutoScaling.TerminateInstanceInAutoScalingGroup');
    const task = await runWhile((instanceId) => stackOf().fleet.noticeRebalance(instanceId));
    expect(task).toMatchObject({ status: 'SUCCEEDED', failures: 0 });
    await inService();
    expect(callsOf('AutoScaling.TerminateInstanceInAutoScalingGroup') - before).toBe(1);
    expect(stackOf().fleet.describe().desiredCapacity).toBe(1);
  }, 60_000);
});

describe('an instance that EC2 takes back', () => {
  it('is left by its worker before that, and costs the task nothing', async () => {
    const noticedAt = performance.now();
    const task = await runWhile((instanceId) => stackOf().fleet.noticeSpot(instanceId));
    expect(task).toMatchObject({ status: 'SUCCEEDED', failures: 0 });
    // Two minutes would have been left.
    expect(performance.now() - noticedAt).toBeLessThan(60_000);
  }, 60_000);
});

describe('the capacity', () => {
  it('grows by the service’s API, and shrinks by an instance that is ended with it', async () => {
    await theInstance();
    await autoScaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: groupName(), DesiredCapacity: 2 }),
    );
    await vi.waitFor(() => expect(stackOf().inspect.instances()).toHaveLength(2), { timeout: 20_000 });
    const [first] = stackOf().inspect.instances();
    await vi.waitFor(() => expect(first?.healthUrl()).toBeDefined(), { timeout: 20_000 });
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: first?.instanceId,
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    await vi.waitFor(() => expect(stackOf().inspect.instances()).toHaveLength(1), { timeout: 20_000 });
    expect(stackOf().inspect.instances()).not.toContain(first);
  }, 60_000);
});
