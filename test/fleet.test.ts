import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it, vi } from 'vitest';
import { clientOf, userOf, useStack } from './helpers/stack.ts';

/* Several instances, and instances that go. */

const stackOf = useStack({
  instances: 2,
  webui: { arguments: ['--profile', 'demo', '--allow-fault-markers'] },
});

const SMALL = { width: 64, height: 64 };

describe('two instances', () => {
  it('share the queue: no task is done twice, each owner sees their own alone', async () => {
    const stack = stackOf();
    const owners = ['ann', 'bob'];
    const runs = owners.flatMap((owner) =>
      [1, 2, 3].map((seed) =>
        userOf(stack, owner).run({ txt2img: { ...SMALL, steps: 10, prompt: `${owner} ${seed}`, seed } }),
      ),
    );
    const tasks = await Promise.all(runs);
    expect(tasks.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1]);
    for (const owner of owners) {
      const { items } = await userOf(stack, owner).list();
      expect(new Set(items.map((task) => task.owner))).toEqual(new Set([`user:${owner}`]));
      expect(items).toHaveLength(3);
    }
    const rows = await Promise.all(tasks.map(({ id }) => stack.inspect.task(id)));
    expect(new Set(rows.map((row) => row?.workerId)).size).toBe(2);
  });

  it('are as many as the run was asked for: none may leave for good', async () => {
    const { fleet, client } = stackOf();
    const { minSize, desiredCapacity, members } = fleet.describe();
    expect([minSize, desiredCapacity]).toEqual([2, 2]);
    const autoScaling = new AutoScalingClient(client);
    const leave = new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: members[0]?.instanceId,
      ShouldDecrementDesiredCapacity: true,
    });
    await expect(autoScaling.send(leave)).rejects.toThrow('desiredSize equals minSize (2)');
    autoScaling.destroy();
  });

  /** Tells the worker to go as soon as it has begun with the task. */
  const runAndLeave = async (txt2img: { readonly steps: number; readonly batchSize: number }) => {
    const stack = stackOf();
    const handle = await clientOf(stack).submit({ txt2img: { ...SMALL, ...txt2img, prompt: 'x', seed: 1 } });
    let leaving: string | undefined;
    for await (const { status } of handle.updates()) {
      if (status !== 'RUNNING' || leaving !== undefined) continue;
      leaving = (await stack.inspect.task(handle.id))?.workerId;
      stack.inspect
        .instances()
        .find(({ instanceId }) => instanceId === leaving)
        ?.worker.kill('SIGTERM');
    }
    return { task: await handle.result(), row: await stack.inspect.task(handle.id) };
  };

  it('hand a task back when one of them is told to go, and the other finishes it', async () => {
    const { task, row } = await runAndLeave({ steps: 130, batchSize: 4 });
    expect(task).toMatchObject({ status: 'SUCCEEDED', attempt: 2, failures: 0 });
    expect(row?.releases).toBe(1);
  }, 60_000);

  it('finish what fits into the time that they have to go', async () => {
    const { task, row } = await runAndLeave({ steps: 30, batchSize: 1 });
    expect(task).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
    expect(row?.releases).toBe(0);
  });

  it('go on after a crash of the WebUI: it is started again, and only then the next task is taken', async () => {
    const stack = stackOf();
    const running = clientOf(stack).run({ txt2img: { ...SMALL, steps: 5, prompt: '[[fault:crash]]' } });
    // Every attempt takes a WebUI with it, so in the end nobody is to blame but the prompt.
    await expect(running).rejects.toMatchObject({ code: 'WEBUI_UNREACHABLE', task: { attempt: 3 } });
    const after = await Promise.all(
      [1, 2, 3, 4].map((seed) =>
        clientOf(stack).run({ txt2img: { ...SMALL, steps: 2, prompt: 'after', seed } }),
      ),
    );
    expect(after.map(({ failures }) => failures)).toEqual([0, 0, 0, 0]);
  });

  it('are replaced when their worker is killed', async () => {
    const stack = stackOf();
    const [victim] = stack.inspect.instances();
    victim?.worker.kill('SIGKILL');
    await vi.waitFor(
      () => {
        const ids = stack.inspect.instances().map(({ instanceId }) => instanceId);
        expect(ids).toHaveLength(2);
        expect(ids).not.toContain(victim?.instanceId);
      },
      { timeout: 10_000 },
    );
  });
});
