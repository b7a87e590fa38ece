/*
 * A worker's lines, metrics among them, on their way to CloudWatch: systemd appends them to a file, the Amazon CloudWatch agent
 * ships the file, CloudWatch makes metrics of those in its embedded format ("it is no longer necessary" to declare them, says
 * the agent's configuration reference).
 */

const DIRECTORY = '/var/log/sd-async';

/**
 * What the worker writes. Opened by systemd before it becomes the worker's user, and before it would make a `LogsDirectory`:
 * the directory must be there. For everybody to read: the agent need not be root.
 */
export const WORKER_LOG = `${DIRECTORY}/worker.log`;

const AGENT_CTL = '/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl';
const AGENT_CONFIG = '/etc/sd-async-logs.json';

/** Looked at daily, as logrotate runs. Cut off where it is, since systemd holds it open; the agent has shipped it by then. */
export const LOGROTATE: readonly string[] = [
  `${WORKER_LOG} {`,
  '  size 64M',
  '  rotate 1',
  '  copytruncate',
  '  missingok',
  '}',
];

/** Without a retention, for which the agent would have to look at groups: the group has one. */
const toAgentConfig = (logGroupName: string): object => ({
  logs: {
    logs_collected: {
      files: {
        collect_list: [
          { file_path: WORKER_LOG, log_group_name: logGroupName, log_stream_name: '{instance_id}' },
        ],
      },
    },
  },
});

/** Before the worker starts. */
export const prepareLog = (): string[] => [
  `install -d -m 0755 ${DIRECTORY} /etc/logrotate.d`,
  "cat > /etc/logrotate.d/sd-async <<'LOGROTATE'",
  ...LOGROTATE,
  'LOGROTATE',
];

/** After it: an image without the agent has a worker all the same. What else the agent was told by the image it goes on doing. */
export const shipLog = (logGroupName: string): string[] => [
  `cat > ${AGENT_CONFIG} <<'AGENT'`,
  JSON.stringify(toAgentConfig(logGroupName)),
  'AGENT',
  `${AGENT_CTL} -a append-config -m ec2 -s -c file:${AGENT_CONFIG} || echo 'No CloudWatch agent: ${WORKER_LOG} stays here' >&2`,
];
