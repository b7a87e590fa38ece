import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  TARGET_WAIT_SECONDS,
  type FleetDecision,
  type FleetMember,
  type FleetTask,
} from '../../contract/fleet.ts';
import type { FleetInputs } from './check-inputs.ts';
import { decide } from './policy.ts';

const TYPE = 'g5.xlarge';
const SETTINGS = { instanceType: TYPE, min: 0, max: 10, targetWaitSeconds: 240 };
/** One megapixel-step a second: work is seconds. */
const KNOWN = { rates: { [TYPE]: 1 }, bootSeconds: 100 };

const queued = (count: number, seconds = 10): FleetTask[] =>
  Array.from({ length: count }, () => ({ state: 'QUEUED', megapixelSteps: seconds }));
const members = (state: FleetMember['state'], count: number): FleetMember[] =>
  Array.from({ length: count }, (_, index) => ({ id: `i-${state}-${index}`, state, ageSeconds: 0 }));
const look = (inputs: Partial<FleetInputs>, last?: FleetDecision): FleetDecision =>
  decide({ settings: SETTINGS, tasks: [], instances: [], desiredCapacity: 0, ...KNOWN, ...inputs }, last);

describe('the policy', () => {
  it('wakes an empty fleet for a single task, at once', () => {
    const { desired, cause, reason } = look({ tasks: queued(1) });
    expect({ desired, cause }).toEqual({ desired: 1, cause: 'wake' });
    expect(reason).toBe(
      '0 → 1: 1 queued of 10 s and 0 in flight with 0 s left at 1.00 megapixel-steps/s and nobody is there; with 1 instance the last starts in 100 s, a boot of 100 s included.',
    );
  });

  it('wakes it for as many as bring the last one below the target', () => {
    // 100 s of a boot, then 140 s for 1000 s of work: eight do it in 120 s, the last starting 10 s before.
    expect(look({ tasks: queued(100) })).toMatchObject({ desired: 7, cause: 'wake' });
  });

  it('leaves to the instances that are there what they will have done in time', () => {
    const instances = members('READY', 2);
    expect(look({ tasks: queued(48), instances, desiredCapacity: 2 })).toMatchObject({
      ...{ desired: 2, cause: 'enough' },
    });
    expect(look({ tasks: queued(60), instances, desiredCapacity: 2 })).toMatchObject({
      ...{ desired: 3, cause: 'wait' },
    });
  });

  it('adds one as soon as somebody waits too long, though it may come too late for them, and one at a time', () => {
    const settings = { ...SETTINGS, targetWaitSeconds: 50 };
    const tasks = queued(20);
    const instances = members('READY', 2);
    expect(look({ settings, tasks, instances, desiredCapacity: 2 })).toMatchObject({
      ...{ desired: 3, cause: 'wait', numbers: { waitSeconds: 90, targetSeconds: 50, goalSeconds: 200 } },
    });
    const booting = [...instances, ...members('BOOTING', 1)];
    expect(look({ settings, tasks, instances: booting, desiredCapacity: 3 }).cause).toBe('enough');
    const full = { ...settings, max: 2 };
    expect(look({ settings: full, tasks, instances, desiredCapacity: 2 }).cause).toBe('atMax');
  });

  it('counts what is booting from when it will be ready, and does not launch it twice', () => {
    const instances = members('BOOTING', 7);
    expect(look({ tasks: queued(100), instances, desiredCapacity: 7 }).cause).toBe('enough');
    // Asked for a moment ago, and in no list yet.
    expect(look({ tasks: queued(100), desiredCapacity: 7 })).toMatchObject({ desired: 7, cause: 'enough' });
    const { numbers } = look({
      tasks: queued(1),
      instances: [{ id: 'i-1', state: 'BOOTING', ageSeconds: 70 }],
      desiredCapacity: 1,
    });
    expect(numbers.waitSeconds).toBe(30);
  });

  it('does not count on an instance that should have been ready long ago', () => {
    const instances: FleetMember[] = [{ id: 'i-1', state: 'BOOTING', ageSeconds: 301 }];
    expect(look({ tasks: queued(1), instances, desiredCapacity: 1 })).toMatchObject({
      ...{ desired: 2, cause: 'wait' },
    });
  });

  it('weighs tasks by their size, and those in flight by what is left of them', () => {
    const instances = members('BUSY', 1);
    const flying = (runningSeconds: number): FleetTask[] => [
      { state: 'RUNNING', megapixelSteps: 300, runningSeconds },
      ...queued(1, 1),
    ];
    expect(look({ tasks: flying(10), instances, desiredCapacity: 1 }).desired).toBe(2);
    expect(look({ tasks: flying(100), instances, desiredCapacity: 1 })).toMatchObject({
      ...{ desired: 1, numbers: { inFlightSeconds: 200, waitSeconds: 200 } },
    });
    const instancesOfTwo = members('READY', 1);
    expect(look({ tasks: queued(2, 10), instances: instancesOfTwo, desiredCapacity: 1 }).desired).toBe(1);
    expect(look({ tasks: queued(2, 300), instances: instancesOfTwo, desiredCapacity: 1 }).desired).toBe(2);
  });

  it('takes back what runs on nobody’s GPU any more, and launches nobody for what somebody finishes who goes', () => {
    const running = { state: 'RUNNING', megapixelSteps: 10, runningSeconds: 5 } as const;
    const instances = members('DRAINING', 1);
    const lost = look({ tasks: [{ ...running, isLost: true }], instances });
    expect(lost).toMatchObject({ desired: 1, cause: 'wake', numbers: { returning: 1 } });
    expect(look({ tasks: [running], instances })).toMatchObject({ desired: 0, numbers: { returning: 0 } });
  });

  it('counts an instance of another type by what that one does', () => {
    const instances: FleetMember[] = [{ id: 'i-1', instanceType: 'g6e.xlarge', state: 'READY' }];
    const rates = { [TYPE]: 1, 'g6e.xlarge': 2 };
    expect(look({ tasks: queued(48), instances, desiredCapacity: 1, rates }).desired).toBe(1);
    expect(look({ tasks: queued(48), instances, desiredCapacity: 1 }).desired).toBe(1);
    expect(look({ tasks: queued(30), instances: members('READY', 1), desiredCapacity: 1 }).desired).toBe(2);
  });

  it('says when max or the budget keeps it from what is needed', () => {
    const settings = { ...SETTINGS, max: 3 };
    expect(look({ tasks: queued(500), settings })).toMatchObject({ desired: 3, cause: 'atMax' });
    const paid = { ...SETTINGS, budgetPerHour: 2.1, pricePerHour: 1.006 };
    const { desired, cause, reason } = look({ tasks: queued(500), settings: paid });
    expect({ desired, cause }).toEqual({ desired: 2, cause: 'atBudget' });
    expect(reason).toContain('but the budget pays for 2');
    const unpriced = { ...SETTINGS, budgetPerHour: 2.1 };
    expect(look({ tasks: queued(500), settings: unpriced })).toMatchObject({ desired: 0, cause: 'atBudget' });
  });

  it('keeps to the least, and never takes an instance away', () => {
    expect(look({ settings: { ...SETTINGS, min: 2 } })).toMatchObject({ desired: 2, cause: 'min' });
    const settings = { ...SETTINGS, max: 1 };
    expect(look({ settings, instances: members('READY', 3), desiredCapacity: 3 }).desired).toBe(3);
  });

  it.each<[string, Partial<FleetInputs>, string]>([
    ['the tasks could not be read', { tasks: undefined }, 'the tasks could not be read'],
    ['the instances could not be listed', { instances: undefined }, 'the instances could not be listed'],
    ['the tasks are old', { tasksAgeSeconds: 200 }, 'the tasks are 200 s old'],
    ['nobody knows how old they are', { tasksAgeSeconds: NaN }, 'the tasks are of no known age'],
    ['a setting is nonsense', { settings: { ...SETTINGS, max: NaN } }, 'min 0 and max NaN are not counts'],
  ])('leaves everything as it is when %s, and says so', (_when, inputs, because) => {
    const before = look({ tasks: queued(100) });
    const decision = look({ tasks: queued(500), desiredCapacity: 7, ...inputs }, before);
    expect(decision).toMatchObject({ desired: 7, cause: 'unknown', before: before.reason });
    expect(decision.reason).toBe(`7 stay, because ${because}.`);
    // A second time, and with nothing known at all.
    const {
      tasks: _tasks,
      instances: _instances,
      desiredCapacity: _desired,
      ...nothing
    } = inputs as FleetInputs;
    const again = decide({ ...nothing, settings: SETTINGS }, decision);
    expect(again).toMatchObject({ desired: 7, cause: 'unknown', before: before.reason });
  });

  it('wakes an empty group even if its instances can’t be listed: there are none', () => {
    expect(look({ tasks: queued(1), instances: undefined }).desired).toBe(1);
  });

  it('says what it assumed', () => {
    const { numbers, reason } = decide({ settings: SETTINGS, tasks: queued(1), desiredCapacity: 0 });
    expect(numbers.assumed).toEqual(['rate', 'boot']);
    expect(reason).toMatch(/3\.30 megapixel-steps\/s \(assumed\).*a boot of 150 s \(assumed\) included/);
  });
});

const anyTask = fc.record({
  state: fc.constantFrom('QUEUED' as const, 'RUNNING' as const),
  megapixelSteps: fc.double({ min: 0.1, max: 2500, noNaN: true }),
  runningSeconds: fc.double({ min: 0.1, max: 300, noNaN: true }),
});
const anyMember = fc.record({
  id: fc.string(),
  state: fc.constantFrom<FleetMember['state']>('BOOTING', 'READY', 'BUSY', 'DRAINING'),
  ageSeconds: fc.double({ min: 0, max: 1000, noNaN: true }),
});
const anyInputs = fc.record({
  settings: fc.record({
    instanceType: fc.constant(TYPE),
    min: fc.nat(3),
    max: fc.nat(20),
    targetWaitSeconds: fc.double({ min: 1, max: 1000, noNaN: true }),
    budgetPerHour: fc.double({ min: 0, max: 20, noNaN: true }),
    pricePerHour: fc.double({ min: 0.1, max: 5, noNaN: true }),
  }),
  tasks: fc.array(anyTask, { maxLength: 40 }),
  instances: fc.array(anyMember, { maxLength: 8 }),
  desiredCapacity: fc.nat(10),
  bootSeconds: fc.double({ min: 10, max: 600, noNaN: true }),
  rates: fc.record({ [TYPE]: fc.double({ min: 0.1, max: 20, noNaN: true }) }),
});
/** Whatever a broken reader could hand over. */
const broken = fc.constantFrom(undefined, NaN, -1, Infinity, -Infinity, 0, 1.5, 1e308);
const nonsense = fc.record(
  {
    tasks: fc.array(
      fc.record({
        state: fc.constantFrom('QUEUED', 'RUNNING'),
        megapixelSteps: broken,
        runningSeconds: broken,
      }),
      { maxLength: 5 },
    ),
    tasksAgeSeconds: broken,
    instances: fc.array(
      fc.record({
        id: fc.string(),
        state: fc.constantFrom('BOOTING', 'READY', 'BUSY', 'DRAINING'),
        ageSeconds: broken,
      }),
      { maxLength: 5 },
    ),
    instancesAgeSeconds: broken,
    desiredCapacity: broken,
    bootSeconds: broken,
    rates: fc.record({ [TYPE]: broken }),
    settings: fc.record({
      instanceType: fc.constant(TYPE),
      ...{ min: broken, max: broken, targetWaitSeconds: broken, budgetPerHour: broken, pricePerHour: broken },
    }),
  },
  { requiredKeys: ['settings'] },
) as unknown as fc.Arbitrary<FleetInputs>;

const runningOf = ({ desiredCapacity = 0, instances = [] }: FleetInputs): number =>
  Math.max(desiredCapacity, instances.filter(({ state }) => state !== 'DRAINING').length);

describe('a reason', () => {
  it('is one that stands in the documentation, where it is reckoned through', () => {
    const size = { megapixelSteps: 31.5 };
    const { reason } = decide({
      settings: { instanceType: TYPE, min: 0, max: 8, targetWaitSeconds: TARGET_WAIT_SECONDS },
      tasks: [
        { state: 'RUNNING', runningSeconds: 4, ...size },
        ...queued(60).map((task) => ({ ...task, ...size })),
      ],
      ...{ instances: members('BUSY', 1), desiredCapacity: 1, rates: { [TYPE]: 3.15 }, bootSeconds: 120 },
    });
    const documented = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
    expect(documented.replaceAll(/\s+/g, ' ')).toContain(reason);
  });
});

describe('whatever the policy is told', () => {
  it('more work never means fewer instances', () => {
    fc.assert(
      fc.property(
        anyInputs,
        anyTask,
        fc.nat(40),
        fc.double({ min: 1, max: 4, noNaN: true }),
        (inputs, task, at, factor) => {
          const { desired } = decide(inputs);
          const tasks = inputs.tasks.toSpliced(at, 0, { ...task, state: 'QUEUED' });
          expect(decide({ ...inputs, tasks }).desired).toBeGreaterThanOrEqual(desired);
          const larger = inputs.tasks.map((one) => ({ ...one, megapixelSteps: one.megapixelSteps * factor }));
          expect(decide({ ...inputs, tasks: larger }).desired).toBeGreaterThanOrEqual(desired);
        },
      ),
    );
  });

  it('never launches beyond max or the budget, and never takes away', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { max, budgetPerHour, pricePerHour } = inputs.settings;
        const running = runningOf(inputs);
        const { desired } = decide(inputs);
        expect(desired).toBeGreaterThanOrEqual(running);
        if (desired === running) return;
        expect(desired).toBeLessThanOrEqual(max);
        expect(desired * pricePerHour).toBeLessThanOrEqual(budgetPerHour * (1 + 1e-6));
      }),
    );
  });

  it('launches nobody for no work, but for the least that there must be', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { desired, numbers } = decide({ ...inputs, tasks: [] });
        expect(desired).toBe(Math.max(runningOf(inputs), Math.min(inputs.settings.min, numbers.most)));
      }),
    );
  });

  it('does not leave work to nobody, as long as one may be there', () => {
    fc.assert(
      fc.property(anyInputs, anyTask, (inputs, task) => {
        // What runs without anybody is lost.
        const tasks = [{ ...task, isLost: task.state === 'RUNNING' }];
        const { desired, numbers } = decide({ ...inputs, tasks, instances: [], desiredCapacity: 0 });
        expect(desired).toBeGreaterThanOrEqual(Math.min(1, numbers.most));
      }),
    );
  });

  it('does not want more a moment later, when nothing has changed but its own launches', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { desired } = decide(inputs);
        expect(decide({ ...inputs, desiredCapacity: desired }).desired).toBe(desired);
      }),
    );
  });

  it('decides, counts whole instances, takes none away and says why, even from nonsense', () => {
    fc.assert(
      fc.property(nonsense, fc.option(anyInputs, { nil: undefined }), (inputs, before) => {
        const last = before && decide(before);
        const decision = decide(inputs, last);
        const { desired, reason, cause } = decision;
        // It is stored: no infinity, nothing undefined.
        expect(JSON.parse(JSON.stringify(decision))).toStrictEqual(decision);
        expect(Number.isInteger(desired)).toBe(true);
        const listed = inputs.instances?.filter(({ state }) => state !== 'DRAINING').length ?? 0;
        expect(desired).toBeGreaterThanOrEqual(listed);
        expect(reason).toMatch(/^\d+ (stay|→ \d+)[,:] .*\.$/);
        if (cause !== 'unknown') expect(reason).not.toMatch(/NaN|undefined/);
        if (cause === 'unknown' && last && inputs.desiredCapacity === undefined)
          expect(desired).toBe(Math.max(last.desired, listed));
      }),
      { numRuns: 500 },
    );
  });
});
