import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InvocationReply } from '../lambda/execution-environment.ts';
import type { Deployment } from './deployment.ts';
import { startSchedules } from './schedules.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:sweep';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = (rule: object, reply: InvocationReply = { payload: { swept: 3 } }) => {
  const events: unknown[] = [];
  const logged: string[] = [];
  const fn = {
    functionName: 'sweep',
    invoke: async (event: unknown) => {
      events.push(event);
      return reply;
    },
    stop: async () => undefined,
  };
  const schedules = startSchedules({
    deployment: {
      idsOf: () => ['SweeperSchedule'],
      propertiesOf: () => ({ Targets: [{ Id: 'Target0', Arn: ARN }], ...rule }),
      physical: () => ({ ref: 'rule', attributes: { Arn: 'arn:rule' } }),
    } as unknown as Deployment,
    functions: new Map([['sweep', { fn, roleArn: '', environment: () => ({}) }]]),
    log: (_source, line) => logged.push(line),
  });
  return { ...schedules, events, logged };
};

const EVERY_MINUTE = { ScheduleExpression: 'rate(1 minute)' };

describe('a schedule', () => {
  it('runs every period with the event that EventBridge sends, until it is stopped', async () => {
    const { events, stop } = start(EVERY_MINUTE);
    await vi.advanceTimersByTimeAsync(125_000);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      resources: ['arn:rule'],
      detail: {},
    });
    stop();
    await vi.advanceTimersByTimeAsync(125_000);
    expect(events).toHaveLength(2);
  });

  it('runs when it is told to, by the beginning of its name, and answers what the function replied', async () => {
    const { tick, events, stop } = start({ ScheduleExpression: 'rate(2 hours)' });
    expect(await tick()).toEqual([{ swept: 3 }]);
    expect(await tick('Sweeper')).toEqual([{ swept: 3 }]);
    await expect(tick('Sleeper')).rejects.toThrow(/No schedule begins with Sleeper.*SweeperSchedule/);
    expect(events).toHaveLength(2);
    stop();
  });

  it('tells who ticks that the function failed, and goes on by itself after a failure', async () => {
    const error = { errorType: 'Error', errorMessage: 'no luck', stackTrace: [] };
    const { tick, events, logged, stop } = start(EVERY_MINUTE, { error });
    await expect(tick()).rejects.toThrow('SweeperSchedule: Error: no luck');
    await vi.advanceTimersByTimeAsync(125_000);
    expect(events).toHaveLength(3);
    expect(logged).toHaveLength(2);
    stop();
  });

  it('does not run while it is disabled', async () => {
    const { tick } = start({ ...EVERY_MINUTE, State: 'DISABLED' });
    await expect(tick()).rejects.toThrow('No schedule');
  });

  it.each([
    ['a cron expression', { ScheduleExpression: 'cron(0 12 * * ? *)' }, /rate.*not "cron/],
    [
      'an input of its own',
      { ...EVERY_MINUTE, Targets: [{ Id: 'a', Arn: ARN, Input: '{}' }] },
      /no Input of a target/,
    ],
    ['a target that is no function', { ...EVERY_MINUTE, Targets: [{ Id: 'a', Arn: 'arn:q' }] }, /arn:q/],
  ])('is refused by name where it has %s', (_name, rule, message) => {
    expect(() => start(rule)).toThrow(message);
  });
});
