import { describe, expect, it, vi } from 'vitest';
import type { Queue } from '../contract/schema.generated.ts';
import { clientOf, post, useStack } from './helpers/stack.ts';

/* Two pools: each with a queue, instances and checkpoints of its own. */

const MODEL = 'stand-in-xl';

const stackOf = useStack({
  instances: undefined,
  webui: { arguments: ['--profile', 'demo'] },
  config: {
    workers: { minCapacity: 0, maxCapacity: 2, idleSeconds: 5 },
    pools: { xl: { models: [MODEL], instanceTypes: ['g6e.xlarge'], maxCapacity: 1 } },
  },
});

const SMALL = { width: 64, height: 64, steps: 2, prompt: 'a' };

const queueOf = async (pool: string): Promise<Queue | null> => {
  const query = `{ queue(pool: "${pool}") { pool queued instances { desired max } } }`;
  const { data } = await post(stackOf(), { query });
  return (data as { queue: Queue | null }).queue;
};

const rowOf = async (id: string) => stackOf().inspect.task(id);

describe('two pools', () => {
  it('each wake for their own tasks: the model decides, and whoever names none is served by the default one', async () => {
    const stack = stackOf();
    const client = clientOf(stack);
    const xl = await client.run({ txt2img: { ...SMALL, model: MODEL } });
    expect((await rowOf(xl.id))?.pool).toBe('xl');
    expect(stack.fleet.describe()).toMatchObject({ desiredCapacity: 0, members: [] });
    const [big] = stack.fleetOf('xl').describe().members;
    expect(big).toMatchObject({ instanceType: 'g6e.xlarge', instanceId: (await rowOf(xl.id))?.workerId });

    const plain = await client.run({ txt2img: SMALL });
    expect((await rowOf(plain.id))?.pool).toBe('default');
    const [small] = stack.fleet.describe().members;
    expect(small).toMatchObject({ instanceType: 'g5.xlarge', instanceId: (await rowOf(plain.id))?.workerId });
    client.close();
  }, 60_000);

  it('are looked at, told of and sent to sleep each for itself', async () => {
    const stack = stackOf();
    await stack.tick('FleetScaler');
    expect(await queueOf('xl')).toMatchObject({ pool: 'xl', queued: 0, instances: { max: 1 } });
    expect(await queueOf('default')).toMatchObject({ pool: 'default', instances: { max: 2 } });
    expect(await queueOf('none')).toBeNull();
    await vi.waitFor(
      async () => {
        await stack.tick('FleetScaler');
        expect(stack.inspect.instances()).toEqual([]);
      },
      { timeout: 60_000, interval: 1000 },
    );
    expect([await queueOf('default'), await queueOf('xl')]).toMatchObject([
      { instances: { desired: 0 } },
      { instances: { desired: 0 } },
    ]);
  }, 90_000);
});
