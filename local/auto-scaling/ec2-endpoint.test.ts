import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startGateway, type Gateway } from '../gateway/gateway.ts';
import { createAccessKeys } from '../iam/access-keys.ts';
import { createSignatureVerifier } from '../iam/verify-signature.ts';
import { createPostVerifier } from '../gateway/presigned-post.ts';
import { createAutoScalingGroup, type AutoScalingGroup } from '../instances/auto-scaling-group.ts';
import { createFakeInstance } from '../instances/fake-instance.ts';
import { createEc2Endpoint } from './ec2-endpoint.ts';

/* EC2 as an operator's tools see it: by AWS's own SDK, over HTTP. */

let gateway: Gateway;
let ec2: EC2Client;
let group: AutoScalingGroup;
beforeAll(async () => {
  const keys = createAccessKeys();
  const rootKey = keys.issue({
    ...{ arn: 'arn:aws:iam::000000000000:root', accountId: '000000000000', name: 'root', policies: [] },
  });
  gateway = await startGateway({
    port: 0,
    verifySignature: createSignatureVerifier({ lookup: keys.lookup }),
    verifyPost: createPostVerifier({ lookup: keys.lookup }),
    corsOf: () => [],
    rootKey,
    region: 'us-east-1',
    queryServices: {
      ec2: createEc2Endpoint({ groups: () => [group], region: 'us-east-1', accountId: '000000000000' }),
    },
  });
  ec2 = new EC2Client({ endpoint: gateway.url, region: 'us-east-1', credentials: rootKey, maxAttempts: 1 });
});
afterAll(async () => {
  ec2.destroy();
  await gateway.stop();
});

beforeEach(async () => {
  group = createAutoScalingGroup({
    ...{ name: 'workers', minSize: 0, maxSize: 3, desiredCapacity: 2, instanceType: 'g5.xlarge' },
    newInstancesProtectedFromScaleIn: true,
    hooks: { terminating: { name: 'drain', heartbeatSeconds: 600, defaultResult: 'CONTINUE' } },
    replaceDelayMs: 0,
    launch: async (instanceId) => createFakeInstance(instanceId),
    log: () => undefined,
  });
  await group.start();
});
afterEach(() => group.stop());

const ids = (): string[] => group.describe().members.map(({ instanceId }) => instanceId);
const list = async (...InstanceIds: string[]) => {
  const { Reservations = [] } = await ec2.send(
    new DescribeInstancesCommand(InstanceIds.length > 0 ? { InstanceIds } : {}),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances);
};

describe('EC2', () => {
  it('lists the instances of all groups, or those that are asked for', async () => {
    const [first = '', second] = ids();
    expect((await list()).map(({ InstanceId }) => InstanceId)).toEqual([first, second]);
    const [instance] = await list(first);
    expect(instance).toMatchObject({
      ...{ InstanceId: first, InstanceType: 'g5.xlarge', State: { Code: 16, Name: 'running' } },
      Placement: { AvailabilityZone: 'us-east-1a' },
      Tags: [{ Key: 'aws:autoscaling:groupName', Value: 'workers' }],
    });
    expect(instance?.LaunchTime?.getTime()).toBe(group.describe().members[0]?.launchedAt);
  });

  it('ends one at once, whatever its group wanted it to wait for, and the group launches another', async () => {
    const [first = '', second = ''] = ids();
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    expect(TerminatingInstances).toMatchObject([
      { InstanceId: first, PreviousState: { Name: 'running' }, CurrentState: { Name: 'shutting-down' } },
    ]);
    await vi.waitFor(() => {
      expect(ids()).toHaveLength(2);
      expect(ids()).not.toContain(first);
      expect(ids()).toContain(second);
    });
    expect(group.describe().desiredCapacity).toBe(2);
  });

  it('says what it does not know, in its own words', async () => {
    await expect(list('i-00000000000000000')).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-00000000000000000' does not exist",
    });
    const filtered = new DescribeInstancesCommand({
      Filters: [{ Name: 'instance-type', Values: ['g5.xlarge'] }],
    });
    await expect(ec2.send(filtered)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(ec2.send(new TerminateInstancesCommand({ InstanceIds: [] }))).rejects.toMatchObject({
      name: 'MissingParameter',
    });
  });
});
