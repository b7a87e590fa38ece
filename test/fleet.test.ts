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

  it('hand a task back when one of them is told to go, and the other finishes it', async () => {
    const stack = stackOf();
    const handle = await clientOf(stack).submit({
      txt2img: { ...SMALL, steps: 60, prompt: 'handed over', seed: 1 },
    });
    let stopped: string | undefined;
    for await (const { status } of handle.updates()) {
      if (status !== 'RUNNING' || stopped !== undefined) continue;
      stopped = (await stack.inspect.task(handle.id))?.workerId;
      stack.inspect
        .instances()
        .find(({ instanceId }) => instanceId === stopped)
        ?.worker.kill('SIGTERM');
    }
    expect(await handle.result()).toMatchObject({ status: 'SUCCEEDED', attempt: 2, failures: 0 });
    expect((await stack.inspect.task(handle.id))?.releases).toBe(1);
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
