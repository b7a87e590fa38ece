import { UserData } from 'aws-cdk-lib/aws-ec2';
import { ENV } from '../contract/env.ts';
import { DRAIN_SECONDS } from '../contract/fleet.ts';
import { prepareLog, shipLog, WORKER_LOG } from './worker-logs.ts';

export interface WorkerUserDataOptions {
  readonly region: string;
  /** Of the zip with the worker's `index.mjs`. */
  readonly codeUrl: string;
  /** Name of the SSM parameter with the worker's environment, a JSON object of strings. */
  readonly environmentParameter: string;
  /** Where the worker's lines go. */
  readonly logGroupName: string;
}

/** Beside what a drain takes: the last reports, and the process itself. */
const STOP_MARGIN_SECONDS = 30;

const RESTART_FILE = '/run/sd-async/restart-webui';

/** The worker has no right to restart another unit: it leaves a file, and systemd does the rest. */
export const RESTART_WEBUI_COMMAND = `touch ${RESTART_FILE}`;

/** The instance's own systemd units, by name. The WebUI's, `sd-webui.service`, comes with the AMI. */
export const UNITS: Readonly<Record<string, readonly string[]>> = {
  'sd-async-worker.service': [
    '[Unit]',
    'Description=Takes tasks and hands them to the WebUI',
    // What is started first is stopped last: the agent ships what the worker says as it leaves.
    'After=network-online.target sd-webui.service amazon-cloudwatch-agent.service',
    'Wants=network-online.target sd-webui.service',
    '[Service]',
    'EnvironmentFile=/etc/sd-async.env',
    'ExecStart=/usr/bin/env node /opt/sd-async/index.mjs',
    // Not `always`: a worker that ended because the instance must go would come back and take another task.
    'Restart=on-failure',
    'RestartSec=5',
    `TimeoutStopSec=${DRAIN_SECONDS + STOP_MARGIN_SECONDS}`,
    'DynamicUser=yes',
    `StandardOutput=append:${WORKER_LOG}`,
    'RuntimeDirectory=sd-async',
    '[Install]',
    'WantedBy=multi-user.target',
  ],
  'sd-async-restart-webui.path': [
    '[Unit]',
    'Description=Sees when the worker wants the WebUI restarted',
    '[Path]',
    // Not `PathChanged`: the file also goes with the directory, when the worker itself is restarted.
    `PathExists=${RESTART_FILE}`,
    '[Install]',
    'WantedBy=multi-user.target',
  ],
  'sd-async-restart-webui.service': [
    '[Unit]',
    'Description=Restarts the WebUI because the worker asked for it',
    '[Service]',
    'Type=oneshot',
    // First, or systemd would start this unit over and over.
    `ExecStart=/usr/bin/rm -f ${RESTART_FILE}`,
    // Asked politely, the WebUI would finish its generation before it goes.
    'ExecStart=-/usr/bin/systemctl kill --signal=SIGKILL sd-webui.service',
    'ExecStart=/usr/bin/systemctl restart sd-webui.service',
  ],
};

const installUnits = (): string[] => [
  ...Object.entries(UNITS).flatMap(([name, lines]) => [
    `cat > /etc/systemd/system/${name} <<'UNIT'`,
    ...lines,
    'UNIT',
  ]),
  'systemctl daemon-reload',
  'systemctl enable --now sd-async-restart-webui.path sd-async-worker.service',
];

/** Fetches the worker and its environment, and starts it beside the AMI's own `sd-webui` unit. */
export const toWorkerUserData = (options: WorkerUserDataOptions): UserData => {
  const { region, codeUrl, environmentParameter, logGroupName } = options;
  const userData = UserData.forLinux();
  userData.addCommands(
    'set -euo pipefail',
    'install -d -m 0755 /opt/sd-async',
    `aws s3 cp --region ${region} ${codeUrl} /tmp/worker.zip`,
    'python3 -m zipfile -e /tmp/worker.zip /opt/sd-async',
    `aws ssm get-parameter --region ${region} --name ${environmentParameter} --query Parameter.Value --output text > /tmp/worker.json`,
    `python3 -c 'import json; [print(f"{k}={v}") for k, v in json.load(open("/tmp/worker.json")).items()]' > /etc/sd-async.env`,
    'TOKEN=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)',
    `INSTANCE_ID=$(curl -sf -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/instance-id)`,
    `printf 'AWS_REGION=${region}\\n${ENV.workerId}=%s\\n' "$INSTANCE_ID" >> /etc/sd-async.env`,
    ...prepareLog(),
    ...installUnits(),
    ...shipLog(logGroupName),
  );
  return userData;
};
