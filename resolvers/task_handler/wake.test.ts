import { describe, expect, it } from 'vitest';
import type { FleetDecision } from '../../contract/fleet.ts';
import type { TaskRow } from '../../contract/task.ts';
import type { WakeMessage } from '../../contract/wake.ts';
import { createWake } from './wake.ts';

const NOW = Date.UTC(2026, 0, 1);
const summaryOf = (desired: number, at = NOW) => ({ at, decision: { desired } as FleetDecision });
const row = (id: string, pool = 'default') => ({ id, pool }) as TaskRow;

const createWorld = (summary: ReturnType<typeof summaryOf> | undefined) => {
  const world = { now: NOW, summary, reads: 0, sent: [] as WakeMessage[], warnings: [] as string[] };
  const faults = { read: false, send: false };
  const wake = createWake({
    readSummary: async () => {
      world.reads += 1;
      if (faults.read) throw new Error('away');
      return world.summary;
    },
    send: async (message) => {
      if (faults.send) throw new Error('away');
      world.sent.push(message);
    },
    clock: () => world.now,
    warn: (message) => void world.warnings.push(message),
  });
  return { world, faults, wake };
};

describe('a fleet', () => {
  it.each([
    ['of nobody', summaryOf(0)],
    ['that nobody has looked at yet', undefined],
    ['that nobody has looked at for long', summaryOf(2, NOW - 181_000)],
  ])('%s is woken by a new task, which is named', async (_which, summary) => {
    const { world, wake } = createWorld(summary);
    await wake(row('t'));
    expect(world.sent).toEqual([{ v: 1, pool: 'default', taskId: 't' }]);
  });

  it('that is up is left alone', async () => {
    const { world, wake } = createWorld(summaryOf(1));
    await wake(row('t'));
    expect(world.sent).toEqual([]);
  });

  it('is asked after and woken once for a burst, and again later; each pool for itself', async () => {
    const { world, wake } = createWorld(summaryOf(0));
    for (const id of ['a', 'b', 'c']) await wake(row(id));
    await wake(row('d', 'xl'));
    expect([world.reads, world.sent.map(({ taskId }) => taskId)]).toEqual([2, ['a', 'd']]);
    world.now += 10_000;
    world.summary = summaryOf(1);
    await wake(row('e'));
    world.now += 4999;
    await wake(row('f'));
    expect([world.reads, world.sent.length]).toEqual([3, 2]);
    world.now += 1;
    world.summary = summaryOf(0);
    await wake(row('g'));
    expect(world.sent.at(-1)?.taskId).toBe('g');
  });

  it('that can’t be woken costs the submit nothing, and the next one tries again', async () => {
    const { world, faults, wake } = createWorld(summaryOf(0));
    faults.send = true;
    await wake(row('a'));
    faults.send = false;
    faults.read = true;
    await wake(row('b'));
    faults.read = false;
    await wake(row('c'));
    expect(world.sent.map(({ taskId }) => taskId)).toEqual(['c']);
    expect(world.warnings).toEqual(['The fleet was not woken', 'The fleet was not woken']);
  });
});
