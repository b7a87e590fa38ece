import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { DRAIN_HOOK, DRAIN_SECONDS, READY_HOOK } from '../contract/fleet.ts';
import { DEFAULT_CONFIG, toConfig, type ConfigOverrides } from './config.ts';
import { SdAsyncStack } from './stack.ts';
import { RESTART_WEBUI_COMMAND, UNITS } from './worker-user-data.ts';

const createStack = (config = DEFAULT_CONFIG): SdAsyncStack =>
  new SdAsyncStack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'SdAsync', { config });

let template: Template;
beforeAll(() => {
  template = Template.fromStack(createStack());
});

const withWorkers = (workers: ConfigOverrides['workers'] = {}): Template =>
  Template.fromStack(createStack(toConfig({ workers })));

const GROUP = 'AWS::AutoScaling::AutoScalingGroup';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** What policies say of Auto Scaling. */
const statementsOf = (of: Template, policy: string): Statement[] =>
  Object.entries(of.findResources('AWS::IAM::Policy'))
    .filter(([logicalId]) => logicalId.startsWith(policy))
    .flatMap(
      ([, { Properties }]) =>
        (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
    )
    .filter(({ Action }) => JSON.stringify(Action).includes('autoscaling:'));

const OWN_GROUP = {
  'Fn::Join': ['', expect.arrayContaining([':autoScalingGroup:*:autoScalingGroupName/SdAsync-workers'])],
};

/** The text of a property, its tokens aside. */
const textOf = (type: string, path: (properties: Record<string, unknown>) => unknown): string => {
  const [resource] = Object.values(template.findResources(type));
  return JSON.stringify(path((resource?.Properties ?? {}) as Record<string, unknown>));
};

const setting = (unit: string, name: string): string[] =>
  (UNITS[unit] ?? [])
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));

describe('an instance that must go', () => {
  it('is held until its worker has left, or the time is over', () => {
    template.hasResourceProperties(GROUP, {
      LifecycleHookSpecificationList: Match.arrayWith([
        {
          LifecycleHookName: DRAIN_HOOK.name,
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
          HeartbeatTimeout: 600,
          DefaultResult: 'CONTINUE',
        },
      ]),
    });
  });

  it('is held longer than its worker may take, and systemd does not cut that short', () => {
    const [stopSeconds] = setting('sd-async-worker.service', 'TimeoutStopSec').map(Number);
    expect(stopSeconds).toBeGreaterThan(DRAIN_SECONDS);
    expect(DRAIN_HOOK.heartbeatSeconds).toBeGreaterThan(stopSeconds ?? Infinity);
  });

  it('does not start a worker again that has left', () => {
    expect(setting('sd-async-worker.service', 'Restart')).toEqual(['on-failure']);
  });

  it('may speak for its own group alone', () => {
    expect(statementsOf(template, 'WorkersRole')).toEqual([
      {
        Action: [
          'autoscaling:SetInstanceHealth',
          'autoscaling:CompleteLifecycleAction',
          'autoscaling:TerminateInstanceInAutoScalingGroup',
        ],
        Effect: 'Allow',
        Resource: OWN_GROUP,
      },
    ]);
    template.hasResourceProperties(GROUP, { AutoScalingGroupName: 'SdAsync-workers' });
  });

  it('is chosen by nobody: not to scale in, not to rebalance', () => {
    template.hasResourceProperties(GROUP, {
      NewInstancesProtectedFromScaleIn: true,
      CapacityRebalance: false,
      HealthCheckType: 'EC2',
    });
  });
});

describe('an instance that is launched', () => {
  it('is held from the very first until its worker has proved itself, and is replaced otherwise', () => {
    template.hasResourceProperties(GROUP, {
      LifecycleHookSpecificationList: Match.arrayWith([
        {
          LifecycleHookName: READY_HOOK.name,
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          HeartbeatTimeout: 1200,
          DefaultResult: 'ABANDON',
        },
      ]),
    });
    // One of its own would come after the group, and after its first instances.
    template.resourceCountIs('AWS::AutoScaling::LifecycleHook', 0);
  });

  const distributionOf = (of: Template): unknown => {
    const [group] = Object.values(of.findResources(GROUP));
    const { MixedInstancesPolicy: policy } = group?.Properties as {
      MixedInstancesPolicy: {
        LaunchTemplate: { Overrides: { InstanceType: string }[] };
        InstancesDistribution: Record<string, unknown>;
      };
    };
    const types = policy.LaunchTemplate.Overrides.map(({ InstanceType }) => InstanceType);
    return { types, ...policy.InstancesDistribution };
  };

  it('is on demand and of the one type unless told', () => {
    expect(distributionOf(template)).toEqual({
      types: ['g5.xlarge'],
      OnDemandAllocationStrategy: 'prioritized',
      OnDemandBaseCapacity: 0,
      OnDemandPercentageAboveBaseCapacity: 100,
      SpotAllocationStrategy: 'price-capacity-optimized',
    });
  });

  it('is of the types that are chosen, in their order, and spot as far as was chosen', () => {
    const chosen = withWorkers({
      instanceTypes: ['g6.xlarge', 'g5.xlarge', 'g4dn.xlarge'],
      onDemandBase: 1,
      spotPercent: 70,
    });
    expect(distributionOf(chosen)).toMatchObject({
      types: ['g6.xlarge', 'g5.xlarge', 'g4dn.xlarge'],
      OnDemandBaseCapacity: 1,
      OnDemandPercentageAboveBaseCapacity: 30,
    });
  });
});

describe('the capacity’s bounds', () => {
  it('change at the times that are chosen', () => {
    const chosen = withWorkers({
      schedules: [
        { name: 'morning', cron: '0 8 * * MON-FRI', minCapacity: 2, timeZone: 'Europe/Zurich' },
        { name: 'evening', cron: '0 19 * * *', minCapacity: 0, maxCapacity: 2 },
      ],
    });
    chosen.resourceCountIs('AWS::AutoScaling::ScheduledAction', 2);
    chosen.hasResourceProperties('AWS::AutoScaling::ScheduledAction', {
      Recurrence: '0 8 * * MON-FRI',
      TimeZone: 'Europe/Zurich',
      MinSize: 2,
      MaxSize: Match.absent(),
      DesiredCapacity: Match.absent(),
    });
    chosen.hasResourceProperties('AWS::AutoScaling::ScheduledAction', { MinSize: 0, MaxSize: 2 });
  });

  it('hold for whoever may raise the capacity, and may do no more', () => {
    const stack = createStack();
    expect(statementsOf(Template.fromStack(stack), 'FleetScaler')).toEqual([
      {
        Action: [
          ...['autoscaling:SetDesiredCapacity', 'autoscaling:SetInstanceHealth'],
          ...['autoscaling:SuspendProcesses', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
        ],
        Effect: 'Allow',
        Resource: OWN_GROUP,
      },
      {
        Action: ['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeScalingActivities'],
        Effect: 'Allow',
        Resource: '*',
      },
    ]);
  });
});

describe('a worker', () => {
  it('is told its group, its health port and how to have the WebUI restarted', () => {
    const value = textOf('AWS::SSM::Parameter', ({ Value }) => Value);
    expect(value).toContain('"AUTO_SCALING_GROUP\\":\\"SdAsync-workers\\"');
    expect(value).toContain('"HEALTH_PORT\\":\\"8061\\"');
    expect(value).toContain(`"SD_WEBUI_RESTART_COMMAND\\":\\"${RESTART_WEBUI_COMMAND}\\"`);
  });

  it('asks for a restart of the WebUI by a file that it may write, and root does it', () => {
    const [file] = setting('sd-async-restart-webui.path', 'PathExists');
    const [directory] = setting('sd-async-worker.service', 'RuntimeDirectory');
    expect(RESTART_WEBUI_COMMAND).toBe(`touch ${file}`);
    expect(file?.startsWith(`/run/${directory}/`)).toBe(true);
    expect(setting('sd-async-restart-webui.service', 'User')).toEqual([]);
    expect(setting('sd-async-restart-webui.service', 'ExecStart')).toEqual([
      // Before the rest: while the file is there systemd starts the unit again.
      `/usr/bin/rm -f ${file}`,
      '-/usr/bin/systemctl kill --signal=SIGKILL sd-webui.service',
      '/usr/bin/systemctl restart sd-webui.service',
    ]);
  });

  it('has its units written and enabled by the user data, whose shell leaves them as they are', () => {
    const userData = textOf('AWS::EC2::LaunchTemplate', ({ LaunchTemplateData }) => LaunchTemplateData);
    for (const [name, lines] of Object.entries(UNITS)) {
      expect(userData).toContain(
        [`cat > /etc/systemd/system/${name} <<'UNIT'`, ...lines, 'UNIT'].join('\\n'),
      );
    }
    expect(userData).toContain('enable --now sd-async-restart-webui.path sd-async-worker.service');
  });
});
