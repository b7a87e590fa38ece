import { Stack } from 'aws-cdk-lib';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  MachineImage,
  SecurityGroup,
  SubnetType,
  UserData,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import type { Api } from './api.ts';
import { bundleForNode } from './bundle.ts';
import type { Config } from './config.ts';
import type { Objects } from './objects.ts';
import { PATHS } from './paths.ts';
import type { Tasks } from './tasks.ts';

export interface WorkersProps {
  readonly config: Config['workers'];
  readonly api: Api;
  readonly tasks: Tasks;
  readonly objects: Objects;
}

/** Where the AMI's WebUI listens. */
const WEBUI_URL = 'http://127.0.0.1:7861';

/** The GPU instances: each runs a WebUI and, beside it, a worker. */
export class Workers extends Construct {
  readonly group: AutoScalingGroup;

  constructor(scope: Construct, id: string, { config, api, tasks, objects }: WorkersProps) {
    super(scope, id);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    const code = new Asset(this, 'Code', {
      path: PATHS.workerEntry.replace(/\/[^/]+$/, ''),
      bundling: bundleForNode(PATHS.workerEntry),
    });
    code.grantRead(role);
    const environment = new StringParameter(this, 'Environment', {
      description: "The workers' environment: a JSON object of strings",
      stringValue: Stack.of(this).toJsonString({
        ...tasks.grantTake(role),
        ...objects.grantStoreImages(role),
        ...objects.grantReadRequests(role),
        ...api.grantTell(role),
        [ENV.sdWebuiUrl]: WEBUI_URL,
      }),
    });
    environment.grantRead(role);

    // Public subnets and no way in: a NAT gateway would cost more than it protects.
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 3,
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
      restrictDefaultSecurityGroup: false,
    });
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', { vpc, description: 'No way in' });

    const launchTemplate = new LaunchTemplate(this, 'LaunchTemplate', {
      instanceType: new InstanceType(config.instanceType),
      machineImage: MachineImage.fromSsmParameter(config.amiParameter),
      role,
      securityGroup,
      associatePublicIpAddress: true,
      requireImdsv2: true,
      // A container or a redirected request does not reach the instance's credentials.
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: '/dev/sda1',
          volume: BlockDeviceVolume.ebs(config.volumeGb, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
          }),
        },
      ],
      userData: toUserData(Stack.of(this).region, code, environment),
    });
    this.group = new AutoScalingGroup(this, 'Group', {
      vpc,
      launchTemplate,
      minCapacity: config.minCapacity,
      maxCapacity: config.maxCapacity,
      // A busy worker is never chosen: an idle one ends itself.
      newInstancesProtectedFromScaleIn: true,
    });
  }
}

/** Fetches the worker and its environment, and starts it beside the AMI's own `sd-webui` unit. */
const toUserData = (region: string, code: Asset, environment: StringParameter): UserData => {
  const userData = UserData.forLinux();
  userData.addCommands(
    'set -euo pipefail',
    'install -d -m 0755 /opt/sd-async',
    `aws s3 cp --region ${region} ${code.s3ObjectUrl} /tmp/worker.zip`,
    'python3 -m zipfile -e /tmp/worker.zip /opt/sd-async',
    `aws ssm get-parameter --region ${region} --name ${environment.parameterName} --query Parameter.Value --output text > /tmp/worker.json`,
    `python3 -c 'import json; [print(f"{k}={v}") for k, v in json.load(open("/tmp/worker.json")).items()]' > /etc/sd-async.env`,
    'TOKEN=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)',
    `INSTANCE_ID=$(curl -sf -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/instance-id)`,
    `printf 'AWS_REGION=${region}\\n${ENV.workerId}=%s\\n' "$INSTANCE_ID" >> /etc/sd-async.env`,
    'cat > /etc/systemd/system/sd-async-worker.service <<UNIT',
    '[Unit]',
    'Description=Takes tasks and hands them to the WebUI',
    'After=network-online.target sd-webui.service',
    'Wants=network-online.target sd-webui.service',
    '[Service]',
    'EnvironmentFile=/etc/sd-async.env',
    'ExecStart=/usr/bin/env node /opt/sd-async/index.mjs',
    'Restart=always',
    'RestartSec=5',
    'TimeoutStopSec=120',
    'DynamicUser=yes',
    '[Install]',
    'WantedBy=multi-user.target',
    'UNIT',
    'systemctl daemon-reload',
    'systemctl enable --now sd-async-worker.service',
  );
  return userData;
};
