import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../contract/worker.ts';
import { createReadNames } from './catalogue.ts';
import type { Report } from './roster.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

const catalogueOf = (...checkpoints: string[]): Catalogue => ({
  ...{ checkpoints, vaes: [], loras: [], upscalers: [], samplers: [], schedulers: [] },
});

const createWorld = (reports: readonly Report[]) => {
  const world = { reports, fault: undefined as Error | undefined, reads: 0, warnings: [] as string[] };
  const readNames = createReadNames({
    readRoster: async () => {
      world.reads += 1;
      if (world.fault) throw world.fault;
      return world.reports;
    },
    warn: (message) => void world.warnings.push(message),
  });
  return {
    world,
    readNames,
    checkpointsAt: async (now: number) => (await readNames(now, 'default'))?.checkpoints,
  };
};

describe('the names that workers have', () => {
  it('are those of all workers that are up, taken together', async () => {
    const { checkpointsAt } = createWorld([
      { updatedAt: NOW, catalogue: catalogueOf('a', 'b') },
      { updatedAt: NOW - 3 * MINUTE, catalogue: catalogueOf('b', 'c') },
      { updatedAt: NOW - 3 * MINUTE - 1, catalogue: catalogueOf('of one that is gone') },
      { updatedAt: NOW },
    ]);
    expect(await checkpointsAt(NOW)).toEqual(new Set(['a', 'b', 'c']));
  });

  it('are unknown while no worker has said what it has', async () => {
    const { checkpointsAt } = createWorld([{ updatedAt: NOW }]);
    expect(await checkpointsAt(NOW)).toBeUndefined();
  });

  it('are those of the pool alone: the others’ workers say nothing of it', async () => {
    const { readNames } = createWorld([
      { updatedAt: NOW, catalogue: catalogueOf('a') },
      { updatedAt: NOW, pool: 'xl', catalogue: catalogueOf('b') },
    ]);
    const checkpointsOf = async (pool: string) => (await readNames(NOW, pool))?.checkpoints;
    expect(await checkpointsOf('default')).toEqual(new Set(['a']));
    expect(await checkpointsOf('xl')).toEqual(new Set(['b']));
    expect(await checkpointsOf('asleep')).toBeUndefined();
  });

  it('are not to be relied on where a worker has more than a report holds', async () => {
    const many = Array.from({ length: 500 }, (_, n) => `m${n}`);
    const { checkpointsAt } = createWorld([{ updatedAt: NOW, catalogue: catalogueOf(...many) }]);
    expect(await checkpointsAt(NOW)).toBeUndefined();
  });

  it('are read every half minute at most', async () => {
    const { world, checkpointsAt } = createWorld([{ updatedAt: NOW, catalogue: catalogueOf('a') }]);
    await checkpointsAt(NOW);
    world.reports = [{ updatedAt: NOW, catalogue: catalogueOf('b') }];
    expect(await checkpointsAt(NOW + 29_999)).toEqual(new Set(['a']));
    expect(await checkpointsAt(NOW + 30_000)).toEqual(new Set(['b']));
    expect(world.reads).toBe(2);
  });

  it('are unknown while they can’t be read: the worker looks them up anyway', async () => {
    const { world, checkpointsAt } = createWorld([]);
    world.fault = new Error('throttled');
    expect(await checkpointsAt(NOW)).toBeUndefined();
    expect(world.warnings).toEqual(['The roster of workers could not be read']);
  });
});
