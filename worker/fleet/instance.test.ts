import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../logger.ts';
import { createFleetInstance } from './instance.ts';

const start = (group: string | undefined, answer: () => Promise<object> = () => Promise.resolve({})) => {
  const sent: { command: string; input: unknown }[] = [];
  const logged: string[] = [];
  const at = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
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
    logger,
  });
  return { instance, sent, logged };
};

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

  it('logs what fails, and throws nothing', async () => {
    const { instance, logged } = start('workers', () => Promise.reject(new Error('No active action')));
    await instance.reportUnhealthy();
    await instance.completeDrain();
    expect(logged).toEqual(['error: instance not reported unhealthy', 'warn: drain not completed']);
  });
});

describe('an instance of no group', () => {
  it('tells nobody', async () => {
    const { instance, sent, logged } = start(undefined);
    await instance.reportUnhealthy();
    await instance.completeDrain();
    expect([sent, logged]).toEqual([[], []]);
  });
});
