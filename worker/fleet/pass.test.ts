import { describe, expect, it } from 'vitest';
import type { FleetConfig, FleetDecisionRecord, FleetSummary } from '../../contract/fleet.ts';
import type { Logger } from '../../ledger/logger.ts';
import type { MetricValues } from '../../ledger/metrics.ts';
import type { GroupState, LiveTask } from './look.ts';
import type { WorkerReport } from './members.ts';
import { createPass } from './pass.ts';

const NOW = Date.UTC(2026, 0, 1);
const FLEET: FleetConfig = {
  ...{ pool: 'default', group: 'workers', instanceType: 'g5.xlarge', targetWaitSeconds: 300 },
};
const EMPTY: GroupState = { desired: 0, min: 0, max: 4, instances: [], balancesZones: false };

const queued = (count: number, megapixelSteps = 33): LiveTask[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{
      id: `t${n}`,
      pool: 'default',
      status: 'QUEUED',
      megapixelSteps,
      createdAt: NOW - 1000 * (count - n),
    },
  }));

const instance = (id: string, lifecycleState = 'InService') => ({
  ...{ id, lifecycleState, instanceType: 'g5.xlarge' },
});

const report = (id: string, fields: Partial<WorkerReport> = {}): WorkerReport => ({
  ...{ id, state: 'READY', updatedAt: NOW, ...fields },
});

const createWorld = () => {
  const world = {
    now: NOW,
    tasks: [] as readonly LiveTask[] | Error,
    workers: [] as readonly WorkerReport[] | Error,
    group: EMPTY as GroupState | Error,
    refusal: undefined as Error | undefined,
    failures: [] as readonly string[],
    summary: undefined as FleetSummary | undefined,
    records: [] as FleetDecisionRecord[],
    raised: [] as number[],
    ended: [] as string[],
    replaced: [] as string[],
    metrics: {} as MetricValues,
    /** What somebody else does between the reading of the summary and its writing. */
    meanwhile: () => undefined as void,
  };
  const orThrow = <T>(value: T | Error): T => {
    if (value instanceof Error) throw value;
    return value;
  };
  const logger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const pass = createPass({
    fleet: FLEET,
    tasks: async () => orThrow(world.tasks),
    workers: async () => orThrow(world.workers),
    group: {
      read: async () => orThrow(world.group),
      raise: async (desired) => {
        if (world.refusal) throw world.refusal;
        world.raised.push(desired);
        if (!(world.group instanceof Error)) world.group = { ...world.group, desired };
      },
      end: async (id) => {
        world.ended.push(id);
        if (world.group instanceof Error) return;
        const { desired, instances } = world.group;
        world.group = {
          ...world.group,
          desired: desired - 1,
          instances: instances.filter((one) => one.id !== id),
        };
      },
      replace: async (id) => void world.replaced.push(id),
      leaveZonesAlone: async () => {
        if (!(world.group instanceof Error)) world.group = { ...world.group, balancesZones: false };
      },
      failures: async () => world.failures,
    },
    store: {
      read: async () => world.summary,
      replace: async (summary, before) => {
        world.meanwhile();
        if (world.summary?.version !== before?.version) return false;
        world.summary = summary;
        return true;
      },
      record: async (decision) => void world.records.push(decision),
    },
    clock: () => world.now,
    metrics: { record: (values) => void (world.metrics = { ...world.metrics, ...values }) },
    logger,
  });
  return { world, pass };
};

describe('a pass over a fleet', () => {
  it('wakes a fleet of nobody, once, and says why', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(1);
    expect(await pass()).toMatchObject({ outcome: 'raised', desired: 1 });
    expect(world.raised).toEqual([1]);
    expect(world.records).toMatchObject([
      { cause: 'wake', desired: 1, id: 'decision#2026-01-01T00:00:00.000Z', notes: [] },
    ]);
    expect(world.records[0]?.reason).toMatch(/^0 → 1: 1 queued of 10 s .* and nobody is there/);
    expect(await pass()).toMatchObject({ outcome: 'kept', desired: 1 });
    expect(world.raised).toEqual([1]);
  });

  it('leaves who waits where, until when, and for a task that would come now', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(3);
    await pass();
    const { marks, newStartsInSeconds, oldestAt, backlogSeconds } = world.summary as FleetSummary;
    expect(marks).toEqual([
      { createdAt: NOW - 3000, position: 1, startsInSeconds: 150 },
      { createdAt: NOW - 2000, position: 2, startsInSeconds: 160 },
      { createdAt: NOW - 1000, position: 3, startsInSeconds: 170 },
    ]);
    expect([newStartsInSeconds, oldestAt, Math.round(backlogSeconds)]).toEqual([180, NOW - 3000, 30]);
  });

  it('counts the wait of a task that was tried before from when it was due again', async () => {
    const { world, pass } = createWorld();
    world.tasks = [{ ...(queued(1)[0] as LiveTask), createdAt: NOW - 1_200_000, notBefore: NOW - 30_000 }];
    await pass();
    expect(world.summary?.oldestAt).toBe(NOW - 30_000);
    expect(world.metrics).toMatchObject({ OldestSeconds: 30 });
  });

  it('tells of a long queue at fifty places of it', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(500, 1);
    await pass();
    const { marks } = world.summary as FleetSummary;
    expect([marks.length, marks[1]?.position]).toEqual([50, 11]);
  });

  it('of an idle night is recorded once', async () => {
    const { world, pass } = createWorld();
    for (let minute = 0; minute < 60; minute += 1) {
      world.now += 60_000;
      await pass();
    }
    expect(world.records.map(({ reason }) => reason)).toEqual(['0 stay: nothing to do.']);
    expect(world.summary).toMatchObject({ version: 60, at: world.now });
  });

  it('knows the state of each instance from the group, its worker and its tasks, and learns boots and rates', async () => {
    const { world, pass } = createWorld();
    const ids = ['i-booting', 'i-starting', 'i-ready', 'i-busy', 'i-going', 'i-sick'];
    world.group = {
      ...{ desired: 6, min: 0, max: 8, balancesZones: false },
      instances: [
        ...[instance('i-booting', 'Pending:Wait'), instance('i-starting'), instance('i-ready')],
        ...[instance('i-busy'), instance('i-going', 'Terminating:Wait'), instance('i-sick')],
      ],
    };
    world.workers = [
      report('i-starting', { state: 'STARTING' }),
      report('i-ready', { bootSeconds: 100, megapixelStepsPerSecond: 2, instanceType: 'g5.xlarge' }),
      report('i-busy', { bootSeconds: 200, megapixelStepsPerSecond: 4, instanceType: 'g5.xlarge' }),
      report('i-sick', { state: 'UNHEALTHY' }),
      report('i-booting', { updatedAt: NOW - 181_000 }),
    ];
    world.tasks = [
      { ...(queued(1)[0] as LiveTask), status: 'RUNNING', workerId: 'i-busy', claimedAt: NOW - 5000 },
    ];
    await pass();
    const { members, rates, bootSeconds } = world.summary as FleetSummary;
    expect(members.map(({ id, state }) => [id, state])).toEqual([
      ...[
        [ids[0], 'BOOTING'],
        [ids[1], 'BOOTING'],
        [ids[2], 'READY'],
        [ids[3], 'BUSY'],
      ],
      ...[
        [ids[4], 'DRAINING'],
        [ids[5], 'DRAINING'],
      ],
    ]);
    expect([rates, bootSeconds]).toEqual([{ 'g5.xlarge': 3 }, 130]);
    expect(world.metrics).toMatchObject({ BusyInstances: 1, BootingInstances: 2, MissingInstances: 2 });
    // Nobody has been seen to become ready since.
    await pass();
    expect(world.summary?.bootSeconds).toBe(130);
  });

  it.each(['tasks', 'workers', 'group'] as const)(
    'that can’t read the %s leaves the last good state',
    async (what) => {
      const { world, pass } = createWorld();
      world.group = { ...EMPTY, desired: 1, instances: [instance('i-1')] };
      world.workers = [report('i-1')];
      world.tasks = queued(1);
      await pass();
      const good = world.summary;
      world.now += 60_000;
      world.tasks = queued(1000);
      world[what] = new Error('throttled');
      expect(await pass()).toMatchObject({ outcome: 'unknown', desired: 1 });
      expect(world.summary).toBe(good);
      expect(world.raised).toEqual([]);
      expect(world.metrics).toMatchObject({ UnknownDecisions: 1 });
      expect(world.records.at(-1)).toMatchObject({ cause: 'unknown', before: good?.decision.reason });
    },
  );

  it('wakes a fleet of nobody although no worker’s report can be read', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(1);
    world.workers = new Error('throttled');
    expect(await pass()).toMatchObject({ outcome: 'raised', desired: 1 });
  });

  it('gives way to another that was faster, before it has done anything', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(1);
    await pass();
    world.tasks = queued(500, 100);
    world.meanwhile = () => {
      if (world.summary) world.summary = { ...world.summary, version: 7 };
    };
    expect(await pass()).toMatchObject({ outcome: 'gaveWay' });
    expect([world.raised, world.records.length]).toEqual([[1], 1]);
  });

  it('whose raise is refused does not let anybody believe that somebody comes', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(1);
    world.refusal = new Error('ScalingActivityInProgress');
    expect(await pass()).toMatchObject({ outcome: 'refused' });
    expect(world.summary?.decision.desired).toBe(0);
    expect(world.metrics).toMatchObject({ RefusedRaises: 1 });
    world.refusal = undefined;
    expect(await pass()).toMatchObject({ outcome: 'raised', desired: 1 });
  });

  it('notes what Auto Scaling says of instances that were asked for and do not come', async () => {
    const { world, pass } = createWorld();
    world.tasks = queued(1);
    await pass();
    expect(world.records[0]?.notes).toEqual([]);
    world.now += 60_000;
    world.failures = ['We currently do not have sufficient g5.xlarge capacity.'];
    await pass();
    expect(world.records.at(-1)?.notes).toEqual([
      '1 of the instances that should be there are not: We currently do not have sufficient g5.xlarge capacity.',
    ]);
    expect(world.metrics).toMatchObject({ MissingInstances: 1 });
  });

  it('notes an instance whose worker never becomes ready, and launches another', async () => {
    const { world, pass } = createWorld();
    world.group = { ...EMPTY, desired: 1, instances: [instance('i-0')] };
    world.workers = [report('i-0', { bootSeconds: 100 })];
    await pass();
    world.group = { ...EMPTY, desired: 1, instances: [instance('i-1')] };
    world.tasks = queued(1);
    for (let minute = 0; minute < 6; minute += 1) {
      world.now += 60_000;
      await pass();
    }
    expect(world.records.at(-1)?.notes.join()).toContain('i-1 has been booting for');
    expect(world.metrics).toMatchObject({ OverdueInstances: 1 });
    expect(world.raised).toEqual([2]);
  });

  it('has Auto Scaling launch nobody only to even out zones', async () => {
    const { world, pass } = createWorld();
    world.group = { ...EMPTY, balancesZones: true };
    await pass();
    expect(world.group).toEqual(EMPTY);
  });

  it('ends an instance whose worker never becomes ready where nobody has work, and keeps the least', async () => {
    const { world, pass } = createWorld();
    const instances = [instance('i-1'), instance('i-2')];
    world.group = { ...EMPTY, min: 1, desired: 2, instances };
    for (let minute = 0; minute < 10; minute += 1) {
      await pass();
      world.now += 60_000;
    }
    expect([world.ended, world.replaced]).toEqual([['i-1'], []]);
    expect(world.summary?.decision.desired).toBe(1);
  });

  it('replaces one where there is work: after a quarter of an hour, and later where nobody at all is heard of', async () => {
    const { world, pass } = createWorld();
    world.group = { ...EMPTY, max: 2, desired: 2, instances: [instance('i-1'), instance('i-2')] };
    world.tasks = queued(1);
    const passTo = async (minute: number, isSomebodyHeardOf: boolean) => {
      while (world.now < NOW + minute * 60_000) {
        await pass();
        world.now += 60_000;
        if (isSomebodyHeardOf) world.workers = [report('i-1', { updatedAt: world.now })];
      }
    };
    await passTo(50, false);
    expect(world.replaced).toEqual([]);
    // Nobody goes by it meanwhile.
    expect(world.summary?.members.map(({ isOverdue = false }) => isOverdue)).toEqual([true, true]);
    await passTo(53, true);
    expect(new Set(world.replaced)).toEqual(new Set(['i-2']));
    expect(world.ended).toEqual([]);
  });

  it('sets a capacity that was lowered under protected instances to what is there, so that they can leave', async () => {
    const { world, pass } = createWorld();
    const instances = ['i-1', 'i-2', 'i-3'].map((id) => instance(id));
    world.workers = ['i-1', 'i-2', 'i-3'].map((id) => report(id));
    world.group = { ...EMPTY, desired: 0, instances };
    // It may be that they go right now.
    expect(await pass()).toMatchObject({ outcome: 'kept' });
    expect(await pass()).toMatchObject({ outcome: 'raised' });
    world.group = { ...EMPTY, max: 2, desired: 1, instances };
    await pass();
    expect(world.raised).toEqual([3, 2]);
  });

  it('counts what a worker has that is gone as work that comes back, and nothing else that runs', async () => {
    const { world, pass } = createWorld();
    world.group = { ...EMPTY, desired: 1, instances: [instance('i-1')] };
    world.workers = [report('i-1')];
    const running = (workerId: string): LiveTask => ({
      ...(queued(1)[0] as LiveTask),
      ...{ id: workerId, status: 'RUNNING', workerId, claimedAt: NOW - 5000 },
    });
    // One that is stored, and one that is made.
    world.tasks = [running('i-1'), running('i-1')];
    await pass();
    expect(world.summary?.decision.numbers).toMatchObject({ inFlight: 2, returning: 0 });
    world.tasks = [running('i-0')];
    await pass();
    expect(world.summary?.decision.numbers).toMatchObject({ inFlight: 1, returning: 1 });
  });

  it('forgets the rates of workers that are gone', async () => {
    const { world, pass } = createWorld();
    world.workers = [
      report('i-0', { megapixelStepsPerSecond: 0.2, updatedAt: NOW - 181_000 }),
      report('i-1', { megapixelStepsPerSecond: 3 }),
    ];
    await pass();
    expect(world.summary?.rates).toEqual({ 'g5.xlarge': 3 });
  });

  it('notes a capacity that somebody else has set, and goes by it', async () => {
    const { world, pass } = createWorld();
    await pass();
    world.group = { ...EMPTY, desired: 3 };
    expect(await pass()).toMatchObject({ outcome: 'kept', desired: 3 });
    expect(world.records.at(-1)?.notes).toEqual(['somebody set the desired capacity from 0 to 3']);
  });
});
