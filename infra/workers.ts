import { AssetHashType, ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { AutoScalingGroup, DefaultResult, LifecycleTransition } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  MachineImage,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Grant, Role, ServicePrincipal, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { DEFAULT_POOL, DRAIN_HOOK } from '../contract/fleet.ts';
import type { Api } from './api.ts';
import { bundleForNode } from './bundle.ts';
import type { Config } from './config.ts';
import type { Environment } from './environment.ts';
import type { Objects } from './objects.ts';
import { PATHS } from './paths.ts';
import type { Tasks } from './tasks.ts';
import { RESTART_WEBUI_COMMAND, toWorkerUserData } from './worker-user-data.ts';

export interface WorkersProps {
  readonly config: Config['workers'];
  readonly api: Api;
  readonly tasks: Tasks;
  readonly objects: Objects;
}

/** Where the AMI's WebUI listens. */
const WEBUI_URL = 'http://127.0.0.1:7861';
/** Where an operator on the instance finds the worker's `/health`. */
const HEALTH_PORT = '8061';

/** The GPU instances: each runs a WebUI and, beside it, a worker. */
export class Workers extends Construct {
  readonly group: AutoScalingGroup;
  /** Chosen here, not by CloudFormation: the instances' environment and policy name the group that they come from. */
  private readonly groupName: string;

  constructor(scope: Construct, id: string, { config, api, tasks, objects }: WorkersProps) {
    super(scope, id);
    this.groupName = `${Stack.of(this).stackName}-workers`;
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    const code = new Asset(this, 'Code', {
      path: PATHS.workerEntry.replace(/\/[^/]+$/, ''),
      bundling: bundleForNode(PATHS.workerEntry),
      // By what comes out: the folder alone would not tell that something changed which it imports from elsewhere.
      assetHashType: AssetHashType.OUTPUT,
    });
    code.grantRead(role);
    const environment = new StringParameter(this, 'Environment', {
      description: "The workers' environment: a JSON object of strings",
      stringValue: Stack.of(this).toJsonString({
        ...tasks.grantTake(role, DEFAULT_POOL),
        ...objects.grantStoreImages(role),
        ...objects.grantReadRequests(role),
        ...api.grantTell(role),
        ...api.grantReportWorker(role),
        ...this.grantLeave(role),
        [ENV.sdWebuiUrl]: WEBUI_URL,
        [ENV.sdWebuiRestartCommand]: RESTART_WEBUI_COMMAND,
        [ENV.healthPort]: HEALTH_PORT,
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
      userData: toWorkerUserData({
        region: Stack.of(this).region,
        codeUrl: code.s3ObjectUrl,
        environmentParameter: environment.parameterName,
      }),
    });
    this.group = new AutoScalingGroup(this, 'Group', {
      autoScalingGroupName: this.groupName,
      vpc,
      launchTemplate,
      minCapacity: config.minCapacity,
      maxCapacity: config.maxCapacity,
      // A busy worker is never chosen: an idle one ends itself.
      newInstancesProtectedFromScaleIn: true,
    });
    this.group.addLifecycleHook('Drain', {
      lifecycleHookName: DRAIN_HOOK.name,
      lifecycleTransition: LifecycleTransition.INSTANCE_TERMINATING,
      heartbeatTimeout: Duration.seconds(DRAIN_HOOK.heartbeatSeconds),
      defaultResult: DefaultResult.CONTINUE,
    });
  }

  /** May call one of the group's instances unhealthy, and say that it has handed everything back. */
  private grantLeave(grantee: IGrantable): Environment {
    const arn = Stack.of(this).formatArn({
      service: 'autoscaling',
      resource: 'autoScalingGroup',
      // The star is an id that AWS makes up.
      resourceName: `*:autoScalingGroupName/${this.groupName}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    Grant.addToPrincipal({
      grantee,
      actions: ['autoscaling:SetInstanceHealth', 'autoscaling:CompleteLifecycleAction'],
      resourceArns: [arn],
    });
    return { [ENV.autoScalingGroup]: this.groupName };
  }
}
