import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { DRAIN_HOOK, DRAIN_SECONDS } from '../contract/fleet.ts';
import { DEFAULT_CONFIG } from './config.ts';
import { SdAsyncStack } from './stack.ts';
import { RESTART_WEBUI_COMMAND, UNITS } from './worker-user-data.ts';

let template: Template;
beforeAll(() => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  template = Template.fromStack(new SdAsyncStack(app, 'SdAsync', { config: DEFAULT_CONFIG }));
});

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
    template.hasResourceProperties('AWS::AutoScaling::LifecycleHook', {
      LifecycleHookName: DRAIN_HOOK.name,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      HeartbeatTimeout: 600,
      DefaultResult: 'CONTINUE',
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
    const policies = Object.values(template.findResources('AWS::IAM::Policy'));
    const statements = policies.flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } })
          .PolicyDocument.Statement,
    );
    const autoScaling = statements.filter(({ Action }) => JSON.stringify(Action).includes('autoscaling:'));
    expect(autoScaling).toEqual([
      {
        Action: ['autoscaling:SetInstanceHealth', 'autoscaling:CompleteLifecycleAction'],
        Effect: 'Allow',
        Resource: {
          'Fn::Join': [
            '',
            expect.arrayContaining([':autoScalingGroup:*:autoScalingGroupName/SdAsync-workers']),
          ],
        },
      },
    ]);
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      AutoScalingGroupName: 'SdAsync-workers',
    });
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
