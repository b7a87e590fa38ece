import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { toConfig } from './config.ts';
import { SdAsyncStack } from './stack.ts';
import { LOGROTATE, shipLog, WORKER_LOG } from './worker-logs.ts';
import { UNITS } from './worker-user-data.ts';

type UserData = { readonly 'Fn::Base64': { readonly 'Fn::Join': readonly [string, readonly unknown[]] } };

let template: Template;
/** Of the default pool; what is known after the deployment only stands there by its logical id. */
let userData: string;
beforeAll(() => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const config = toConfig({ pools: { xl: { models: ['sdxl'] } } });
  template = Template.fromStack(new SdAsyncStack(app, 'SdAsync', { config }));
  [userData = ''] = Object.values(template.findResources('AWS::EC2::LaunchTemplate')).map(
    ({ Properties }) => {
      const { LaunchTemplateData } = Properties as { LaunchTemplateData: { UserData: UserData } };
      const [, parts] = LaunchTemplateData.UserData['Fn::Base64']['Fn::Join'];
      return parts.map((part) => (typeof part === 'string' ? part : (part as { Ref: string }).Ref)).join('');
    },
  );
});

const settings = (name: string): string[] =>
  (UNITS['sd-async-worker.service'] ?? []).filter((line) => line.startsWith(`${name}=`));

/** The text that the user data writes to a file. */
const written = (file: string): string =>
  new RegExp(`^cat > ${file} <<'(\\w+)'\\n(.*?)\\n\\1$`, 'ms').exec(userData)?.[2] ?? '';

describe('a worker’s log', () => {
  it('is a file that systemd appends to, in a directory that is there before the worker starts', () => {
    expect(settings('StandardOutput')).toEqual([`StandardOutput=append:${WORKER_LOG}`]);
    // It would come too late: systemd opens the file first.
    expect(settings('LogsDirectory')).toEqual([]);
    const made = userData.indexOf(`install -d -m 0755 ${WORKER_LOG.replace(/\/[^/]+$/, '')} `);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(userData.indexOf('systemctl enable --now'));
  });

  it('does not fill the disk, and is cut off without the worker’s help', () => {
    expect(written('/etc/logrotate.d/sd-async').split('\n')).toEqual(LOGROTATE);
    expect(LOGROTATE[0]).toBe(`${WORKER_LOG} {`);
    expect(LOGROTATE).toEqual(expect.arrayContaining(['  size 64M', '  copytruncate']));
  });

  it('is shipped to a group of its pool, which is kept for a month, under the instance’s id', () => {
    const [group = ''] = Object.keys(
      template.findResources('AWS::Logs::LogGroup', {
        Properties: { LogGroupName: '/sd-async/SdAsync-workers', RetentionInDays: 30 },
      }),
    );
    expect(JSON.parse(written('/etc/sd-async-logs.json'))).toEqual({
      logs: {
        logs_collected: {
          files: {
            collect_list: [
              { file_path: WORKER_LOG, log_group_name: group, log_stream_name: '{instance_id}' },
            ],
          },
        },
      },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: '/sd-async/SdAsync-workers-xl' });
  });

  it('stays where it is on an image without the agent, and the worker runs all the same', () => {
    const tell = shipLog('any').at(-1) ?? '';
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', tell], { encoding: 'utf8' });
    expect(stderr).toContain('No CloudWatch agent');
    expect(status).toBe(0);
    expect(userData.indexOf(tell)).toBeGreaterThan(userData.indexOf('systemctl enable --now'));
  });

  it('is shipped to its end: the agent is stopped after the worker', () => {
    expect(settings('After')[0]).toContain(' amazon-cloudwatch-agent.service');
  });
});
