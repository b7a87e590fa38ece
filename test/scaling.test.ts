import { describe, expect, it, vi } from 'vitest';
import type { Task } from '../client-sdk/src/index.ts';
import type { FleetDecision, Queue } from '../contract/schema.generated.ts';
import { clientOf, post, useStack } from './helpers/stack.ts';

/* The fleet follows the queue: from nobody to several and back, while EC2 takes an instance and another one dies. */

const stackOf = useStack({
  instances: undefined,
  bootMs: 1000,
  webui: { arguments: ['--profile', 'demo'] },
  config: {
    api: { maxActiveTasksPerOwner: 1000 },
    workers: { minCapacity: 0, maxCapacity: 3, targetWaitSeconds: 5, idleSeconds: 5 },
  },
});

const SMALL = { width: 64, height: 64 };
const members = () => stackOf().fleet.describe().members;
const pass = () => stackOf().tick('FleetScaler');

const admin = async () => ({
  authorization: await stackOf().token({ sub: 'operator', groups: ['admin'] }),
});

const ask = async <T>(query: string, headers?: Record<string, string>): Promise<T> => {
  const { data, errors } = await post(stackOf(), { query }, headers);
  expect(errors).toEqual([]);
  return data as T;
};

const QUEUE = `{ queue { pool queued running oldestSeconds gpuSeconds newTaskStartsInSeconds targetWaitSeconds
  instances { desired min max booting ready busy draining } } }`;
const DECISIONS = '{ fleetDecisions(limit: 100) { items { desired running cause reason notes numbers } } }';

/** Nobody there, and the capacity is none. */
const waitForNobody = () =>
  vi.waitFor(
    async () => {
      await pass();
      expect(members()).toEqual([]);
      expect(stackOf().fleet.describe().desiredCapacity).toBe(0);
    },
    { timeout: 60_000, interval: 1000 },
  );

describe('a fleet of nobody', () => {
  it('is told of before anybody has looked at it', async () => {
    expect(await ask(QUEUE)).toEqual({ queue: null });
    await pass();
    const { queue } = await ask<{ queue: Queue }>(QUEUE);
    expect(queue).toMatchObject({
      pool: 'default',
      queued: 0,
      gpuSeconds: 0,
      instances: { desired: 0, max: 3 },
    });
  });

  it('is woken by a task, without a schedule; the task knows its place meanwhile', async () => {
    const client = clientOf(stackOf());
    const handle = await client.submit({ txt2img: { ...SMALL, prompt: 'first', steps: 2 } });
    await vi.waitFor(() => expect(stackOf().fleet.describe().desiredCapacity).toBe(1), { timeout: 10_000 });
    // Several who look at the same time do no harm: each gives way, or finds that somebody comes.
    await Promise.all([pass(), pass(), pass()]);
    expect(stackOf().fleet.describe().desiredCapacity).toBe(1);
    const waiting = await handle.status();
    expect(waiting.estimate).toMatchObject({ queuePosition: 1 });
    expect(Date.parse(waiting.estimate?.eta ?? '')).toBeGreaterThan(Date.parse(waiting.createdAt));
    const task = await handle.result();
    expect([task.status, task.estimate]).toEqual(['SUCCEEDED', null]);
    await waitForNobody();
    client.close();
  }, 60_000);

  it('grows with a burst, loses two instances but no task, and is gone in the end', async () => {
    const client = clientOf(stackOf());
    const total = 30;
    const latest = new Map<string, Task>();
    const handles = await Promise.all(
      Array.from({ length: total }, (_, seed) =>
        client.submit({ txt2img: { ...SMALL, prompt: 'burst', steps: 30, seed } }),
      ),
    );
    const done = Promise.all(
      handles.map(async (handle) => {
        for await (const task of handle.updates()) latest.set(task.id, task);
      }),
    );
    const count = (status: Task['status']): number =>
      [...latest.values()].filter((task) => task.status === status).length;
    const until = async (isSo: () => void | Promise<void>) =>
      vi.waitFor(
        async () => {
          await pass();
          await isSo();
        },
        { timeout: 60_000, interval: 500 },
      );

    await until(() => expect(members().length).toBe(3));
    await until(() => expect(count('SUCCEEDED')).toBeGreaterThan(4));
    const busy = () =>
      stackOf()
        .inspect.instances()
        .map(({ instanceId }) => instanceId)
        .filter((id) =>
          members().some((member) => member.instanceId === id && member.lifecycleState === 'InService'),
        );
    const [taken = ''] = busy();
    stackOf().fleet.noticeSpot(taken, 15_000);
    await until(() => expect(count('SUCCEEDED')).toBeGreaterThan(8));
    const victim = stackOf()
      .inspect.instances()
      .find(({ instanceId }) => instanceId !== taken && busy().includes(instanceId));
    victim?.worker.kill('SIGKILL');
    expect(victim).toBeDefined();

    await done;
    expect([...latest.values()].map(({ status }) => status)).toEqual(Array(total).fill('SUCCEEDED'));
    const seeds = [...latest.values()].map(({ images }) => images?.[0]?.seed);
    expect(new Set(seeds).size).toBe(total);
    expect(members().map(({ instanceId }) => instanceId)).not.toContain(taken);
    await waitForNobody();
    client.close();
  }, 180_000);

  it('can say afterwards why it had how many instances: to administrators, and to nobody else', async () => {
    const { fleetDecisions } = await ask<{ fleetDecisions: { items: FleetDecision[] } }>(
      DECISIONS,
      await admin(),
    );
    const reasons = fleetDecisions.items.map(({ reason }) => reason).reverse();
    expect(reasons.find((reason) => reason.startsWith('0 → 1'))).toMatch(
      /and nobody is there; with 1 instance/,
    );
    const raised = fleetDecisions.items.find(({ running, desired }) => desired === 3 && running < 3);
    expect(raised?.reason).toMatch(/^\d → 3: \d+ queued of \d+ s /);
    expect(JSON.parse(raised?.numbers ?? '{}')).toMatchObject({ most: 3, targetSeconds: 5 });
    for (const headers of [undefined, { authorization: await stackOf().token({ sub: 'ann' }) }]) {
      const { data, errors } = await post(stackOf(), { query: DECISIONS }, headers);
      expect([data, errors[0]?.errorType]).toEqual([null, 'Unauthorized']);
    }
    const members = '{ queue { queued members { id } } }';
    const { errors } = await post(stackOf(), { query: members });
    expect(errors[0]?.errorType).toBe('Unauthorized');
  });

  it('says so when EC2 has nothing to launch, and goes on when it has', async () => {
    const { fleet } = stackOf();
    const message =
      'We currently do not have sufficient g5.xlarge capacity in the Availability Zone you requested';
    fleet.refuseLaunches(message);
    const client = clientOf(stackOf());
    const handle = await client.submit({ txt2img: { ...SMALL, prompt: 'late', steps: 2 } });
    await vi.waitFor(() => expect(fleet.describe().desiredCapacity).toBe(1), { timeout: 10_000 });
    await vi.waitFor(
      async () => {
        await pass();
        const { fleetDecisions } = await ask<{ fleetDecisions: { items: FleetDecision[] } }>(
          DECISIONS,
          await admin(),
        );
        expect(fleetDecisions.items[0]?.notes.join()).toContain(message);
      },
      { timeout: 10_000, interval: 500 },
    );
    fleet.refuseLaunches(undefined);
    expect((await handle.result()).status).toBe('SUCCEEDED');
    client.close();
  }, 60_000);
});
