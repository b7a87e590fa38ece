import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, toConfig, type ConfigOverrides } from './config.ts';

type Workers = NonNullable<ConfigOverrides['workers']>;
const schedule = { name: 'morning', cron: '0 8 * * *', minCapacity: 2 };

describe('a configuration', () => {
  it('is complete without a word', () => {
    expect(toConfig()).toEqual(DEFAULT_CONFIG);
  });

  it.each<[string, Workers]>([
    ['no instance at night', { minCapacity: 0, schedules: [schedule] }],
    ['spot above a base', { instanceTypes: ['g6.xlarge', 'g5.xlarge'], onDemandBase: 1, spotPercent: 100 }],
    ['a budget that just pays', { minCapacity: 2, budgetPerHour: 2, pricePerHour: 1 }],
    ['a price alone', { pricePerHour: 1.006 }],
    ['a time zone', { schedules: [{ ...schedule, maxCapacity: 8, timeZone: 'America/New_York' }] }],
  ])('may have %s', (_name, workers) => {
    expect(toConfig({ workers }).workers).toMatchObject(workers);
  });

  it.each<[string, Workers, RegExp]>([
    ['no instance type', { instanceTypes: [] }, /instanceTypes must name 1 to 40 types, not 0/],
    ['a type twice', { instanceTypes: ['g5.xlarge', 'g5.xlarge'] }, /names a type twice/],
    ['a type without a GPU', { instanceTypes: ['g5.xlarge', 'm7i.large'] }, /m7i.large has no GPU/],
    ['more bases than instances', { onDemandBase: 5 }, /onDemandBase 5 is above workers.maxCapacity 4/],
    ['half a base', { onDemandBase: 0.5 }, /onDemandBase must be a whole number/],
    ['more than everything on spot', { spotPercent: 101 }, /spotPercent must be within 0 and 100/],
    ['spot where there is none', { onDemandBase: 4, spotPercent: 50 }, /spotPercent 50 is of nothing/],
    ['an impatient target', { targetWaitSeconds: 4 }, /targetWaitSeconds must be within 5 and 21600/],
    ['a target beyond a task’s life', { targetWaitSeconds: 21_601 }, /targetWaitSeconds/],
    ['no time to idle', { idleSeconds: 4 }, /idleSeconds must be a whole number from 5/],
    ['a budget without a price', { budgetPerHour: 3 }, /budgetPerHour can't be kept without/],
    ['a budget of nothing', { budgetPerHour: 0, pricePerHour: 1 }, /budgetPerHour must be above 0/],
    ['a free GPU', { pricePerHour: 0 }, /pricePerHour must be above 0/],
    [
      'a budget below its minimum',
      { minCapacity: 3, budgetPerHour: 3, pricePerHour: 1.006 },
      /budgetPerHour 3 does not pay for workers.minCapacity 3 at 1.006 each/,
    ],
    [
      'a schedule beyond the budget',
      { budgetPerHour: 1.5, pricePerHour: 1, schedules: [schedule] },
      /schedules.morning: .* does not pay for 2 at 1 each/,
    ],
    ['a schedule without a time', { schedules: [{ ...schedule, cron: 'at eight' }] }, /morning: "at eight"/],
    [
      'a schedule above the maximum',
      { schedules: [{ ...schedule, minCapacity: 5 }] },
      /morning: minCapacity 5 is above maxCapacity 4/,
    ],
    [
      'a schedule above its own maximum',
      { schedules: [{ ...schedule, maxCapacity: 1 }] },
      /morning: minCapacity 2 is above maxCapacity 1/,
    ],
    [
      'a schedule nowhere',
      { schedules: [{ ...schedule, timeZone: 'Mars/Base' }] },
      /no time zone Mars\/Base/,
    ],
    ['a schedule of no name', { schedules: [{ ...schedule, name: '' }] }, /the name must begin/],
    ['a schedule twice', { schedules: [schedule, schedule] }, /two of the same name/],
  ])('may not have %s', (_name, workers, problem) => {
    expect(() => toConfig({ workers })).toThrow(problem);
  });

  it('may name one address that alarms go to, and nothing else of alarms', () => {
    expect(toConfig({ alarms: { email: 'ops@example.com' } }).alarms).toEqual({ email: 'ops@example.com' });
    expect(() => toConfig({ alarms: { email: 'ops' } })).toThrow(/alarms.email must be one address, not ops/);
    expect(() => toConfig({ alarms: { email: 'a@example.com, b@example.com' } })).toThrow(/one address/);
    expect(() => toConfig({ alarms: { mail: 'ops@example.com' } } as ConfigOverrides)).toThrow(
      /no choice alarms.mail/,
    );
  });

  it('may not have a choice that there is not, which would go unheard', () => {
    const stale = { workers: { instanceType: 'g4dn.xlarge' }, web: { port: 1 } } as ConfigOverrides;
    expect(() => toConfig(stale)).toThrow(/no choice workers.instanceType; there is no choice web.port/);
  });

  it('has pools that are as the workers are, but for what they say', () => {
    const { pools } = toConfig({
      workers: { maxCapacity: 8, volumeGb: 200 },
      pools: { xl: { models: ['sd_xl_base_1.0'], instanceTypes: ['g6e.xlarge'] } },
    });
    expect(pools.xl).toMatchObject({ maxCapacity: 8, volumeGb: 200, instanceTypes: ['g6e.xlarge'] });
  });

  it.each<[string, NonNullable<ConfigOverrides['pools']>, RegExp]>([
    ['no checkpoint', { xl: { models: [] } }, /pools.xl.models names no checkpoint/],
    ['no word of checkpoints', { xl: {} as { models: [] } }, /pools.xl.models names no checkpoint/],
    ['the name of the default one', { default: { models: ['a'] } }, /pools.default: the name/],
    ['a name that AWS would not take', { 'X L': { models: ['a'] } }, /pools.X L: the name/],
    ['the checkpoint of another', { a: { models: ['m'] }, b: { models: ['m'] } }, /name the same checkpoint/],
    [
      'more checkpoints than fit',
      { xl: { models: Array.from({ length: 200 }, (_, n) => `checkpoint-${n}`) } },
      /pools: their checkpoints have \d+ characters, and 1500 fit/,
    ],
    ['bounds that can’t be', { xl: { models: ['a'], maxCapacity: 0 } }, /pools.xl.maxCapacity must be/],
    [
      'a choice that there is not',
      { xl: { models: ['a'], size: 3 } as { models: string[] } },
      /there is no choice pools.xl.size/,
    ],
  ])('may not have a pool with %s', (_name, pools, problem) => {
    expect(() => toConfig({ pools })).toThrow(problem);
  });
});
