import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../logger.ts';
import { createFleetInstance } from './instance.ts';

const start = (group: string | undefined, answer: () => Promise<object> = () => Promise.resolve({})) => {
  const sent: { command: string; input: unknown }[] = [];
  const logged: string[] = [];
  const fields: unknown[] = [];
  const waited: number[] = [];
  const at = (level: string) => (message: string, more?: object) => {
    logged.push(`${level}: ${message}`);
    fields.push(more);
  };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  const autoScaling = {
    send: (command: { input: unknown; constructor: { name: string } }) => {
      sent.push({ command: command.constructor.name, input: command.input });
      return answer();
    },
  } as unknown as AutoScalingClient;
  const instance = createFleetInstance({
    autoScaling,
    ...(group !== undefined && { group }),
    instanceId: 'i-1',
    clock: { now: () => 0, delay: async (ms) => void waited.push(ms) },
    logger,
  });
  return { instance, sent, logged, fields, waited };
};

const validationError = (message: string): Error =>
  Object.assign(new Error(message), { name: 'ValidationError' });

describe('an instance of a group', () => {
  it('reports itself unhealthy, whatever its age', async () => {
    const { instance, sent } = start('workers');
    await instance.reportUnhealthy();
    expect(sent).toEqual([
      {
        command: 'SetInstanceHealthCommand',
        input: { InstanceId: 'i-1', HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false },
      },
    ]);
  });

  it('ends the waiting for it', async () => {
    const { instance, sent } = start('workers');
    await instance.completeDrain();
    expect(sent).toEqual([
      {
        command: 'CompleteLifecycleActionCommand',
        input: {
          AutoScalingGroupName: 'workers',
          LifecycleHookName: 'drain',
          InstanceId: 'i-1',
          LifecycleActionResult: 'CONTINUE',
        },
      },
    ]);
  });

  it('is taken into service', async () => {
    const { instance, sent, logged } = start('workers');
    await instance.completeLaunch();
    expect(sent).toEqual([
      {
        command: 'CompleteLifecycleActionCommand',
        input: {
          AutoScalingGroupName: 'workers',
          LifecycleHookName: 'ready',
          InstanceId: 'i-1',
          LifecycleActionResult: 'CONTINUE',
        },
      },
    ]);
    expect(logged).toEqual(['info: launch completed']);
  });

  it('does not mind when nobody waits for its launch', async () => {
    const refusal = validationError('No active Lifecycle Action found with instance ID i-1');
    const { instance, logged } = start('workers', () => Promise.reject(refusal));
    expect(await instance.completeLaunch()).toBe(false);
    expect(logged).toEqual(['info: launch was not waited for']);
  });

  it('completes what it is told to wait for a moment later, and tries again for a minute when the call fails', async () => {
    let refusals = 3;
    const { instance, sent, logged, waited } = start('workers', () => {
      refusals -= 1;
      return refusals < 0
        ? Promise.resolve({})
        : Promise.reject(validationError('No active Lifecycle Action found with instance ID i-1'));
    });
    await instance.completeDrain();
    expect([sent.length, waited, logged]).toEqual([4, [3000, 3000, 3000], ['info: drain completed']]);
    refusals = Infinity;
    await instance.completeDrain();
    expect([sent.length, logged.at(-1)]).toEqual([24, 'warn: drain not completed']);
  });

  it.each([true, false])('ends itself, the capacity lowered with it: %s', async (decrement) => {
    const { instance, sent, logged } = start('workers');
    expect(await instance.terminate({ decrement })).toBe('going');
    expect(sent).toEqual([
      {
        command: 'TerminateInstanceInAutoScalingGroupCommand',
        input: { InstanceId: 'i-1', ShouldDecrementDesiredCapacity: decrement },
      },
    ]);
    expect(logged).toEqual(['info: instance ends itself']);
  });

  it('stays where the group needs it, and says in whose words', async () => {
    const message = 'Currently, desiredSize equals minSize (1).';
    const { instance, logged, fields } = start('workers', () => Promise.reject(validationError(message)));
    expect(await instance.terminate({ decrement: true })).toBe('refused');
    expect(logged).toEqual(['info: instance may not end itself']);
    expect(fields.at(-1)).toMatchObject({ reason: message });
  });

  it('stays where it can’t be ended', async () => {
    const { instance, logged } = start('workers', () => Promise.reject(new Error('ECONNRESET')));
    expect(await instance.terminate({ decrement: true })).toBe('refused');
    expect(logged).toEqual(['warn: instance not ended']);
  });

  it('logs what fails, and throws nothing', async () => {
    const { instance, logged } = start('workers', () => Promise.reject(new Error('No active action')));
    await instance.reportUnhealthy();
    await instance.completeDrain();
    await instance.completeLaunch();
    expect(logged).toEqual([
      'error: instance not reported unhealthy',
      'warn: drain not completed',
      'warn: launch not completed',
    ]);
  });
});

describe('an instance of no group', () => {
  it('tells nobody', async () => {
    const { instance, sent, logged } = start(undefined);
    await instance.reportUnhealthy();
    await instance.completeDrain();
    await instance.completeLaunch();
    expect(await instance.terminate({ decrement: true })).toBe('refused');
    expect([sent, logged]).toEqual([[], []]);
  });
});
