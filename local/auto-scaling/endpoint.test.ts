import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../worker/clock.ts';
import { createFleetInstance } from '../../worker/fleet/instance.ts';
import type { Logger } from '../../worker/logger.ts';
import { createFaults } from '../faults/faults.ts';
import { startGateway, type Gateway } from '../gateway/gateway.ts';
import { createAccessKeys } from '../iam/access-keys.ts';
import { createSignatureVerifier } from '../iam/verify-signature.ts';
import { createAutoScalingGroup, type AutoScalingGroup } from '../instances/auto-scaling-group.ts';
import { toInsufficientCapacity } from '../instances/activities.ts';
import { createFakeInstance } from '../instances/fake-instance.ts';
import { createAutoScalingEndpoint } from './endpoint.ts';

/*
 * What the SDK's own client makes of the endpoint, through the gateway: signed, sent, parsed. One surface, call by call, hence its
 * length.
 */

const keys = createAccessKeys();
const accountId = '111111111111';
const rootKey = keys.issue({
  arn: `arn:aws:iam::${accountId}:user/root`,
  accountId,
  name: 'root',
  policies: [],
});
const workerKey = keys.issue({
  arn: `arn:aws:sts::${accountId}:assumed-role/worker/i-1`,
  accountId,
  name: 'worker',
  policies: [],
});
const calls: string[] = [];
const { inject, meet } = createFaults();

let group: AutoScalingGroup;
let gateway: Gateway;
let autoScaling: AutoScalingClient;
beforeAll(async () => {
  gateway = await startGateway({
    verifySignature: createSignatureVerifier({ lookup: keys.lookup }),
    rootKey,
    region: 'us-east-1',
    meet,
    onCall: (_principal, call) => void calls.push(call),
    queryServices: {
      autoscaling: createAutoScalingEndpoint({ groups: () => [group], region: 'us-east-1', accountId }),
    },
  });
  autoScaling = new AutoScalingClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: rootKey,
    maxAttempts: 1,
  });
});
afterAll(async () => {
  autoScaling.destroy();
  await gateway.stop();
});

beforeEach(async () => {
  group = createAutoScalingGroup({
    name: 'workers <a&b>',
    minSize: 1,
    maxSize: 3,
    desiredCapacity: 2,
    newInstancesProtectedFromScaleIn: true,
    instanceType: 'g5.xlarge',
    hooks: {
      launching: { name: 'ready', heartbeatSeconds: 1200, defaultResult: 'ABANDON' },
      terminating: { name: 'drain', heartbeatSeconds: 600, defaultResult: 'CONTINUE' },
    },
    launch: async (instanceId) => createFakeInstance(instanceId),
    log: () => undefined,
  });
  await group.start();
  for (const instanceId of ids()) group.completeLifecycleAction(instanceId, 'ready', 'CONTINUE');
  await vi.waitFor(() => expect(states()).toEqual(['InService', 'InService']));
});
afterEach(() => group.stop());

/** Whoever waits for something is told at once that the time has passed. */
const IMPATIENT: Clock = { now: () => 0, delay: () => Promise.resolve() };

const ids = () => group.describe().members.map(({ instanceId }) => instanceId);
const first = () => ids()[0] ?? '';
const states = () => group.describe().members.map(({ lifecycleState }) => lifecycleState);

describe('describe', () => {
  it('shows a group with its instances', async () => {
    const { AutoScalingGroups } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
    expect(AutoScalingGroups).toMatchObject([
      {
        AutoScalingGroupName: 'workers <a&b>',
        MinSize: 1,
        MaxSize: 3,
        DesiredCapacity: 2,
        Instances: ids().map((InstanceId) => ({
          InstanceId,
          InstanceType: 'g5.xlarge',
          LifecycleState: 'InService',
          HealthStatus: 'Healthy',
          ProtectedFromScaleIn: true,
        })),
      },
    ]);
  });

  it('shows the groups and instances that it is asked for', async () => {
    const groups = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['other'] }),
    );
    expect(groups.AutoScalingGroups).toEqual([]);
    const instances = await autoScaling.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: [first(), 'i-other'] }),
    );
    expect(instances.AutoScalingInstances).toMatchObject([
      { InstanceId: first(), AutoScalingGroupName: 'workers <a&b>', HealthStatus: 'HEALTHY' },
    ]);
  });

  it('is counted by its name, like the calls of other services', async () => {
    await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
    expect(calls).toContain('AutoScaling.DescribeAutoScalingGroups');
  });
});

describe('SetInstanceHealth', () => {
  it('has an unhealthy instance replaced', async () => {
    const InstanceId = first();
    await autoScaling.send(new SetInstanceHealthCommand({ InstanceId, HealthStatus: 'Unhealthy' }));
    expect(group.describe().members[0]).toMatchObject({
      instanceId: InstanceId,
      lifecycleState: 'Terminating:Wait',
      healthStatus: 'Unhealthy',
    });
    expect(states()).toHaveLength(3);
  });

  it('refuses an instance of no group, and a word it does not know', async () => {
    await expect(
      autoScaling.send(new SetInstanceHealthCommand({ InstanceId: 'i-other', HealthStatus: 'Unhealthy' })),
    ).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Instance Id not found - No managed instance found for instance ID: i-other',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(
      autoScaling.send(new SetInstanceHealthCommand({ InstanceId: first(), HealthStatus: 'Poorly' })),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('TerminateInstanceInAutoScalingGroup', () => {
  it('ends an instance and lowers the capacity with it', async () => {
    const { Activity } = await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: first(),
        ShouldDecrementDesiredCapacity: true,
      }),
    );
    expect(Activity).toMatchObject({
      AutoScalingGroupName: 'workers <a&b>',
      Description: `Terminating EC2 instance: ${ids()[0]}`,
      StatusCode: 'MidLifecycleAction',
    });
    expect([states(), group.describe().desiredCapacity]).toEqual([['Terminating:Wait', 'InService'], 1]);
  });

  it('replaces the instance otherwise', async () => {
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: first(),
        ShouldDecrementDesiredCapacity: false,
      }),
    );
    await vi.waitFor(() => expect(states()).toEqual(['Terminating:Wait', 'InService', 'Pending:Wait']));
  });

  it('never lowers the capacity below the group’s minimum', async () => {
    group.setDesiredCapacity(1);
    await expect(
      autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: first(),
          ShouldDecrementDesiredCapacity: true,
        }),
      ),
    ).rejects.toMatchObject({
      name: 'ValidationError',
      message:
        "Currently, desiredSize equals minSize (1). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
    });
    expect(states()).toEqual(['InService', 'InService']);
  });
});

describe('SetDesiredCapacity', () => {
  const set = (DesiredCapacity: number, AutoScalingGroupName = 'workers <a&b>') =>
    autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));

  it('has the group grow', async () => {
    await set(3);
    await vi.waitFor(() => expect(states()).toEqual(['InService', 'InService', 'Pending:Wait']));
  });

  it.each([
    [4, 'New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.'],
    [0, 'New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.'],
  ])('keeps within the group’s bounds: not %i', async (count, message) => {
    await expect(set(count)).rejects.toMatchObject({ name: 'ValidationError', message });
  });

  it('refuses a group that is not there', async () => {
    await expect(set(1, 'other')).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'AutoScalingGroup name not found - AutoScalingGroup: other not found',
    });
  });
});

describe('CompleteLifecycleAction', () => {
  const complete = (hook = 'drain', InstanceId = first(), LifecycleActionResult = 'CONTINUE') =>
    autoScaling.send(
      new CompleteLifecycleActionCommand({
        AutoScalingGroupName: 'workers <a&b>',
        LifecycleHookName: hook,
        InstanceId,
        LifecycleActionResult,
      }),
    );

  const launchAnother = async (): Promise<string> => {
    group.setDesiredCapacity(3);
    await vi.waitFor(() => expect(states()).toContain('Pending:Wait'));
    return ids()[2] ?? '';
  };

  it('takes an instance into service that has proved itself', async () => {
    await complete('ready', await launchAnother());
    await vi.waitFor(() => expect(states()).toEqual(['InService', 'InService', 'InService']));
  });

  it('gives up an instance that could not', async () => {
    const id = await launchAnother();
    await complete('ready', id, 'ABANDON');
    await vi.waitFor(() =>
      expect(states()).toEqual(['InService', 'InService', 'Terminating:Wait', 'Pending:Wait']),
    );
  });

  it('lets an instance go that waits', async () => {
    const gone = group.terminate(first(), { decrement: true });
    await complete();
    await gone;
    expect(states()).toEqual(['InService']);
  });

  it('refuses where nothing waits, and a hook that the group does not have', async () => {
    const message = `No active Lifecycle Action found with instance ID ${first()}`;
    await expect(complete()).rejects.toMatchObject({ name: 'ValidationError', message });
    void group.terminate(first());
    await expect(complete('other')).rejects.toMatchObject({ name: 'ValidationError', message });
    await expect(complete('ready')).rejects.toMatchObject({ name: 'ValidationError', message });
  });
});

describe('DescribeScalingActivities', () => {
  const describeActivities = async (MaxRecords?: number) => {
    const { Activities = [] } = await autoScaling.send(
      new DescribeScalingActivitiesCommand({
        AutoScalingGroupName: 'workers <a&b>',
        ...(MaxRecords !== undefined && { MaxRecords }),
      }),
    );
    return Activities;
  };

  it('tells what was launched and ended, the latest first', async () => {
    const InstanceId = first();
    const { Activity } = await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
    );
    const found = await describeActivities();
    expect(found[0]).toEqual(Activity);
    expect(found).toMatchObject([
      { Description: `Terminating EC2 instance: ${InstanceId}`, StatusCode: 'MidLifecycleAction' },
      { StatusCode: 'Successful', Progress: 100, EndTime: expect.any(Date) as Date },
      { StatusCode: 'Successful' },
    ]);
  });

  it('tells why there is no other instance', async () => {
    group.refuseLaunches(toInsufficientCapacity('g5.xlarge', 'us-east-1a'));
    group.setDesiredCapacity(3);
    expect(await describeActivities(1)).toMatchObject([
      {
        AutoScalingGroupName: 'workers <a&b>',
        StatusCode: 'Failed',
        StatusMessage: expect.stringMatching(
          /^We currently do not have sufficient g5.xlarge capacity in the Availability Zone you requested/,
        ) as string,
      },
    ]);
  });

  it('tells as many as it is asked for, and not more than it may', async () => {
    expect(await describeActivities(1)).toHaveLength(1);
    await expect(describeActivities(101)).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('tells of all groups, and of those activities that it is asked for', async () => {
    const [activity] = await describeActivities();
    const { Activities } = await autoScaling.send(
      new DescribeScalingActivitiesCommand({ ActivityIds: [activity?.ActivityId ?? '', 'other'] }),
    );
    expect(Activities).toEqual([activity]);
  });
});

describe('the endpoint', () => {
  it('names a call that it does not have', async () => {
    await expect(autoScaling.send(new DescribePoliciesCommand({}))).rejects.toMatchObject({
      name: 'InvalidAction',
      message: 'Could not find operation DescribePolicies for version 2011-01-01',
    });
  });

  it('knows its callers', async () => {
    const stranger = new AutoScalingClient({
      endpoint: gateway.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' },
    });
    await expect(stranger.send(new DescribeAutoScalingGroupsCommand({}))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
      $metadata: { httpStatusCode: 403 },
    });
    stranger.destroy();
  });

  it('can be away, and do what it does not answer to', async () => {
    const worker = new AutoScalingClient({
      endpoint: gateway.url,
      region: 'us-east-1',
      credentials: workerKey,
      maxAttempts: 1,
    });
    const set = new SetInstanceHealthCommand({ InstanceId: first(), HealthStatus: 'Unhealthy' });
    const calls = ['AutoScaling.SetInstanceHealth'];
    const heal = inject({ calls, fault: { kind: 'refused', status: 503 } });
    await expect(worker.send(set)).rejects.toMatchObject({ name: 'ServiceUnavailable' });
    expect(states()).toEqual(['InService', 'InService']);
    heal();
    const mend = inject({ calls, fault: { kind: 'unheard' } });
    await expect(worker.send(set)).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(states()[0]).toBe('Terminating:Wait');
    mend();
    worker.destroy();
  });

  it('understands what a worker says of its instance', async () => {
    const logged: string[] = [];
    const log = (message: string): void => void logged.push(message);
    const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
    const instance = createFleetInstance({
      clock: IMPATIENT,
      autoScaling,
      group: 'workers <a&b>',
      instanceId: first(),
      logger,
    });
    await instance.completeDrain();
    await instance.completeLaunch();
    await instance.reportUnhealthy();
    const gone = group.terminate(first());
    await instance.completeDrain();
    await gone;
    expect(logged).toEqual([
      'drain not completed',
      'launch was not waited for',
      'instance reported unhealthy',
      'drain completed',
    ]);
  });

  it('has a worker launched and ended as its instance asks for', async () => {
    group.setDesiredCapacity(3);
    await vi.waitFor(() => expect(states()).toContain('Pending:Wait'));
    const instanceId = ids()[2] ?? '';
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
      child: () => logger,
    };
    const instance = createFleetInstance({
      clock: IMPATIENT,
      autoScaling,
      group: 'workers <a&b>',
      instanceId,
      logger,
    });
    await instance.completeLaunch();
    await vi.waitFor(() => expect(states()).toEqual(['InService', 'InService', 'InService']));
    expect(await instance.terminate({ decrement: true })).toBe('going');
    expect(states()).toEqual(['InService', 'InService', 'Terminating:Wait']);
    group.setDesiredCapacity(1);
    expect(await instance.terminate({ decrement: true })).toBe('refused');
  });
});
