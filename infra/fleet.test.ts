import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { toConfig, type ConfigOverrides } from './config.ts';
import { SdAsyncStack } from './stack.ts';

const synth = (config: ConfigOverrides = {}): Template =>
  Template.fromStack(
    new SdAsyncStack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'SdAsync', {
      config: toConfig(config),
    }),
  );

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** What the policies whose logical id begins so allow, action by action, on what. */
const allowed = (template: Template, policy: string): Record<string, string> => {
  const statements = Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(policy))
    .flatMap(([, { Properties }]) => {
      return (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement;
    });
  return Object.fromEntries(
    statements.flatMap(({ Action, Resource }) =>
      [Action].flat().map((action) => [action, JSON.stringify(Resource)]),
    ),
  );
};

const POOLS: ConfigOverrides = {
  workers: { budgetPerHour: 3, pricePerHour: 1.006, idleSeconds: 60 },
  pools: { xl: { models: ['sd_xl_base_1.0'], instanceTypes: ['g6e.xlarge'], pricePerHour: 1.861 } },
};

let template: Template;
let pooled: Template;
beforeAll(() => {
  template = synth();
  pooled = synth(POOLS);
});

describe('the scaler', () => {
  it('may read tasks and workers, write what it decided, raise a capacity, and no more', () => {
    const policy = allowed(template, 'FleetScaler');
    expect(Object.keys(policy).sort()).toEqual([
      ...['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeScalingActivities'],
      ...['autoscaling:SetDesiredCapacity', 'autoscaling:SetInstanceHealth', 'autoscaling:SuspendProcesses'],
      ...['autoscaling:TerminateInstanceInAutoScalingGroup', 'dynamodb:GetItem', 'dynamodb:PutItem'],
      ...['dynamodb:Query', 'dynamodb:Scan'],
      ...['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    ]);
    expect(policy['dynamodb:PutItem']).toContain('FleetTable');
    expect(policy['dynamodb:Query']).toContain('/index/active');
    expect(policy['autoscaling:SetDesiredCapacity']).toContain('autoScalingGroupName/SdAsync-workers');
  });

  it('runs once a minute, when it is woken, and when an instance comes or goes', () => {
    const target = [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FleetScaler'), 'Arn'] } }];
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: Match.arrayWith([Match.objectLike(target[0] ?? {})]),
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.autoscaling'],
        'detail-type': Match.arrayWith(['EC2 Instance-terminate Lifecycle Action']),
        detail: { AutoScalingGroupName: ['SdAsync-workers'] },
      },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FleetWakeQueue'), 'Arn'] },
    });
  });

  it('knows every fleet with what was chosen for it', () => {
    const [fn] = Object.entries(pooled.findResources('AWS::Lambda::Function')).find(([id]) =>
      id.startsWith('FleetScaler'),
    ) ?? [''];
    const { Environment } = pooled.findResources('AWS::Lambda::Function')[fn]?.Properties as {
      Environment: { Variables: Record<string, string> };
    };
    expect(JSON.parse(Environment.Variables.FLEETS ?? '')).toEqual([
      {
        ...{ pool: 'default', group: 'SdAsync-workers', instanceType: 'g5.xlarge', targetWaitSeconds: 300 },
        ...{ idleSeconds: 60, budgetPerHour: 3, pricePerHour: 1.006 },
      },
      {
        ...{ pool: 'xl', group: 'SdAsync-workers-xl', instanceType: 'g6e.xlarge', targetWaitSeconds: 300 },
        ...{ idleSeconds: 60, budgetPerHour: 3, pricePerHour: 1.861 },
      },
    ]);
  });
});

describe('pools', () => {
  it('have a queue and a group each, one queue of dead letters, and one network', () => {
    pooled.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 2);
    pooled.resourceCountIs('AWS::EC2::VPC', 1);
    const queues = Object.values(pooled.findResources('AWS::SQS::Queue'));
    const targets = queues.flatMap(({ Properties }) => {
      const { RedrivePolicy } = Properties as { RedrivePolicy?: { deadLetterTargetArn: unknown } };
      return RedrivePolicy ? [JSON.stringify(RedrivePolicy.deadLetterTargetArn)] : [];
    });
    expect(targets).toHaveLength(2);
    expect(new Set(targets).size).toBe(1);
  });

  it('keep their workers to their own messages and their own group', () => {
    const own = allowed(pooled, 'WorkersRole');
    const xl = allowed(pooled, 'Workersxl');
    expect(xl['sqs:ReceiveMessage']).toMatch(/TasksQueuexl/);
    expect(own['sqs:ReceiveMessage']).not.toMatch(/TasksQueuexl/);
    const action = 'autoscaling:TerminateInstanceInAutoScalingGroup';
    expect(xl[action]).toContain('SdAsync-workers-xl"');
    expect(own[action]).toContain('SdAsync-workers"');
  });

  it('are all known to whoever sends, and to nobody else', () => {
    expect(allowed(pooled, 'HandlerFunction')['sqs:SendMessage']).toBeDefined();
    const fns = Object.entries(pooled.findResources('AWS::Lambda::Function'));
    const who = fns.flatMap(([id, { Properties }]) => {
      const { Environment } = Properties as { Environment?: { Variables: Record<string, unknown> } };
      return Environment?.Variables.POOLS === undefined ? [] : [id.replace(/Function.*/, '')];
    });
    expect(who.sort()).toEqual(['Handler', 'Reconciler']);
  });
});
