import { describe, expect, it } from 'vitest';
import type { Deployment } from './deployment.ts';
import { createEventRules } from './event-rules.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:scale';

const start = (rule: object) => {
  const events: unknown[] = [];
  const fn = {
    functionName: 'scale',
    invoke: async (event: unknown) => {
      events.push(event);
      return { payload: null };
    },
    stop: async () => undefined,
  };
  const rules = createEventRules({
    deployment: {
      idsOf: () => ['Events'],
      propertiesOf: () => ({ Targets: [{ Id: 'Target0', Arn: ARN }], ...rule }),
    } as unknown as Deployment,
    functions: new Map([['scale', { fn, roleArn: '', environment: () => ({}) }]]),
    log: () => undefined,
  });
  return { ...rules, events };
};

const PATTERN = {
  source: ['aws.autoscaling'],
  'detail-type': ['EC2 Instance Terminate Successful', 'EC2 Instance Launch Unsuccessful'],
  detail: { AutoScalingGroupName: ['workers'] },
};

const told = (detailType: string, group = 'workers', source = 'aws.autoscaling') => ({
  ...{ source, detailType },
  detail: { AutoScalingGroupName: group, EC2InstanceId: 'i-1' },
});

describe('a rule with a pattern', () => {
  it('has its function invoked with an event that meets it, and with no other', () => {
    const { emit, events } = start({ EventPattern: PATTERN });
    emit(told('EC2 Instance Launch Unsuccessful'));
    emit(told('EC2 Instance Launch Successful'));
    emit(told('EC2 Instance Terminate Successful', 'others'));
    emit(told('EC2 Instance Terminate Successful', 'workers', 'aws.ec2'));
    expect(events).toEqual([
      expect.objectContaining({
        source: 'aws.autoscaling',
        'detail-type': 'EC2 Instance Launch Unsuccessful',
        detail: { AutoScalingGroupName: 'workers', EC2InstanceId: 'i-1' },
      }),
    ]);
  });

  it('says nothing while it is disabled, and is refused where it asks for more than plain values', () => {
    const { emit, events } = start({ EventPattern: PATTERN, State: 'DISABLED' });
    emit(told('EC2 Instance Launch Unsuccessful'));
    expect(events).toEqual([]);
    const prefix = { EventPattern: { source: [{ prefix: 'aws.' }] } };
    expect(() => start(prefix)).toThrow(/Events: .*plain values/);
  });
});
