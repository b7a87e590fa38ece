import { describe, expect, it } from 'vitest';
import type { SeenQueue } from '../../ledger/see-queue.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { leaveWhenIdle } from './leave-when-idle.ts';

const logger: Logger = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => logger,
};

const queueOf = (fields: Partial<SeenQueue> = {}): SeenQueue => ({
  ...{ ageSeconds: 0, queued: 0, returning: 0, gpuSeconds: 0, targetWaitSeconds: 300, idleSeconds: 20 },
  instances: { min: 0 } as SeenQueue['instances'],
  members: [{ id: 'i-1', state: 'READY' }],
  ...fields,
});

/** Time that passes as fast as it is waited for, up to an end. */
const createWorld = (endSeconds = 600) => {
  const ending = new AbortController();
  const world = {
    now: 0,
    idleSince: 0 as number | undefined,
    queue: queueOf() as SeenQueue | undefined | Error,
    looks: 0,
    asked: [] as number[],
    answer: 'going' as 'going' | 'refused',
  };
  const clock: Clock = {
    now: () => world.now,
    delay: async (ms) => {
      world.now += ms;
      if (world.now >= endSeconds * 1000) ending.abort();
    },
  };
  const leaving = () =>
    leaveWhenIdle(
      {
        ...{ instanceId: 'i-1', clock, logger },
        activity: {
          idle: () =>
            world.idleSince === undefined
              ? undefined
              : { idleSeconds: world.now / 1000 - world.idleSince, recentTasks: 0 },
        },
        see: async () => {
          world.looks += 1;
          if (world.queue instanceof Error) throw world.queue;
          return world.queue;
        },
        terminate: async () => {
          world.asked.push(world.now / 1000);
          return world.answer;
        },
      },
      ending.signal,
    );
  return { world, leaving };
};

describe('an instance that has nothing to do', () => {
  it('leaves after as long as the operator has said, and looks at the fleet every quarter of a minute', async () => {
    const { world, leaving } = createWorld();
    expect(await leaving()).toMatchObject({
      leave: true,
      reason: expect.stringMatching(/^20 s idle/) as string,
    });
    expect([world.asked, world.looks]).toEqual([[20], 2]);
  });

  it('leaves as soon where others stay, however short the waits are that they are there for', async () => {
    const { world, leaving } = createWorld();
    const members = ['i-1', 'i-2'].map((id) => ({ id, state: 'READY' as const }));
    world.queue = queueOf({ targetWaitSeconds: 5, members });
    await leaving();
    expect(world.asked).toEqual([20]);
  });

  it('leaves as the tuning says where the operator has said nothing', async () => {
    const { world, leaving } = createWorld();
    world.queue = queueOf({ idleSeconds: null });
    await leaving();
    expect(world.asked).toEqual([5]);
  });

  it('stays when Auto Scaling refuses, and asks again later', async () => {
    const { world, leaving } = createWorld(100);
    world.answer = 'refused';
    expect(await leaving()).toBeUndefined();
    expect(world.asked).toEqual([20, 55, 90]);
  });

  it.each<[string, Partial<ReturnType<typeof createWorld>['world']>]>([
    ['it works', { idleSince: undefined }],
    ['nobody has looked at the fleet yet', { queue: undefined }],
    ['the fleet can’t be seen', { queue: new Error('away') }],
    ['the last look is old', { queue: queueOf({ ageSeconds: 400 }) }],
    ['there are never fewer', { queue: queueOf({ instances: { min: 1 } as SeenQueue['instances'] }) }],
    ['a lost worker’s task comes back some time', { queue: queueOf({ returning: 1 }) }],
    ['it was not there at the last look', { queue: queueOf({ members: [] }) }],
  ])('stays while %s', async (_why, change) => {
    const { world, leaving } = createWorld();
    Object.assign(world, change);
    expect(await leaving()).toBeUndefined();
    expect(world.asked).toEqual([]);
  });

  it('asks nobody while it works', async () => {
    const { world, leaving } = createWorld();
    world.idleSince = undefined;
    await leaving();
    expect(world.looks).toBe(0);
  });
});
