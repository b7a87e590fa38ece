import { AssetHashType, ArnFormat, Stack } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  CapacityDistributionStrategy,
  HealthChecks,
  OnDemandAllocationStrategy,
  Schedule,
  SpotAllocationStrategy,
  type CfnAutoScalingGroup,
  type MixedInstancesPolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  MachineImage,
  type IVpc,
  type ILaunchTemplate,
} from 'aws-cdk-lib/aws-ec2';
import { Grant, Role, ServicePrincipal, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { DRAIN_HOOK, READY_HOOK, type FleetConfig } from '../contract/fleet.ts';
import type { Api } from './api.ts';
import { bundleForNode } from './bundle.ts';
import type { WorkersConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { createLogGroup } from './logs.ts';
import { groupNameOf } from './group-name.ts';
import type { Network } from './network.ts';
import type { Objects } from './objects.ts';
import { PATHS } from './paths.ts';
import type { Tasks } from './tasks.ts';
import { RESTART_WEBUI_COMMAND, toWorkerUserData } from './worker-user-data.ts';

export interface WorkersProps {
  /** Whose tasks they do. */
  readonly pool: string;
  readonly config: WorkersConfig;
  readonly network: Network;
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
  /** What the scaler is to know of them. */
  readonly fleet: FleetConfig;
  private readonly groupName: string;

  constructor(scope: Construct, id: string, props: WorkersProps) {
    super(scope, id);
    const { pool, config, network, api, tasks, objects } = props;
    const { vpc, securityGroup } = network;
    this.groupName = groupNameOf(this, pool);
    this.fleet = toFleet(pool, this.groupName, config);
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
        ...tasks.grantTake(role, pool),
        ...objects.grantStoreImages(role),
        ...objects.grantReadRequests(role),
        ...api.grantTell(role),
        ...api.grantReportWorker(role),
        ...api.grantSeeQueue(role),
        ...this.grantLeave(role),
        [ENV.sdWebuiUrl]: WEBUI_URL,
        [ENV.sdWebuiRestartCommand]: RESTART_WEBUI_COMMAND,
        [ENV.healthPort]: HEALTH_PORT,
      }),
    });
    environment.grantRead(role);
    const logs = createLogGroup(this, 'Logs', `/sd-async/${this.groupName}`);
    // The group's own grant() would name it without its streams as well.
    Grant.addToPrincipal({
      grantee: role,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resourceArns: [logs.logGroupArn],
    });

    const launchTemplate = new LaunchTemplate(this, 'LaunchTemplate', {
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
        logGroupName: logs.logGroupName,
      }),
    });
    this.group = createGroup(this, { groupName: this.groupName, vpc, launchTemplate, config });
  }

  /** May raise the group's capacity, see what became of it, end what nobody else can, and have zones left alone. */
  grantScale(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: [
        'autoscaling:SetDesiredCapacity',
        'autoscaling:SetInstanceHealth',
        'autoscaling:SuspendProcesses',
        'autoscaling:TerminateInstanceInAutoScalingGroup',
      ],
      resourceArns: [this.groupArn()],
    });
    Grant.addToPrincipal({
      grantee,
      actions: ['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeScalingActivities'],
      // They know no resource.
      resourceArns: ['*'],
    });
  }

  /** May end one of the group's instances, call it unhealthy, and say that it is ready or has handed everything back. */
  private grantLeave(grantee: IGrantable): Environment {
    Grant.addToPrincipal({
      grantee,
      actions: [
        'autoscaling:SetInstanceHealth',
        'autoscaling:CompleteLifecycleAction',
        'autoscaling:TerminateInstanceInAutoScalingGroup',
      ],
      resourceArns: [this.groupArn()],
    });
    return { [ENV.autoScalingGroup]: this.groupName };
  }

  private groupArn(): string {
    return Stack.of(this).formatArn({
      service: 'autoscaling',
      resource: 'autoScalingGroup',
      // The star is an id that AWS makes up.
      resourceName: `*:autoScalingGroupName/${this.groupName}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}

interface GroupProps {
  readonly groupName: string;
  readonly vpc: IVpc;
  readonly launchTemplate: LaunchTemplate;
  readonly config: WorkersConfig;
}

/*
 * Nothing but its worker ends an instance. What is left is the balance of zones: when one has left, Auto Scaling may launch
 * another elsewhere "to balance instances", and then take one out "in response to a difference between desired and actual
 * capacity". That is scale-in, from which all are protected: the user guide's list of what protection does not cover has no
 * rebalancing in it, and users rely on that as well. Unverified. A surplus instance might still be launched, and no
 * property of a group suspends the process (`SuspendProcesses` of an update policy lasts as long as the update): so the
 * scaler does that when it first looks.
 */
const createGroup = (scope: Construct, { groupName, vpc, launchTemplate, config }: GroupProps) => {
  const group = new AutoScalingGroup(scope, 'Group', {
    autoScalingGroupName: groupName,
    vpc,
    mixedInstancesPolicy: toMixedInstancesPolicy(launchTemplate, config),
    minCapacity: config.minCapacity,
    maxCapacity: config.maxCapacity,
    // A busy worker is never chosen: an idle one ends itself.
    newInstancesProtectedFromScaleIn: true,
    // The worker itself heeds a recommendation to rebalance, and hands back what it has.
    capacityRebalance: false,
    // Whether it makes pictures is for the worker to say: it calls its instance unhealthy.
    healthChecks: HealthChecks.ec2(),
    // Where one zone has no instance of the type, another may.
    azCapacityDistributionStrategy: CapacityDistributionStrategy.BALANCED_BEST_EFFORT,
  });
  (group.node.defaultChild as CfnAutoScalingGroup).lifecycleHookSpecificationList = LIFECYCLE_HOOKS;
  for (const { name, cron, minCapacity, maxCapacity, timeZone } of config.schedules) {
    group.scaleOnSchedule(name, {
      schedule: Schedule.expression(cron),
      minCapacity,
      ...(maxCapacity !== undefined && { maxCapacity }),
      ...(timeZone !== undefined && { timeZone }),
    });
  }
  return group;
};

/** With the group itself: as resources of their own they would come after its first instances. */
const LIFECYCLE_HOOKS: CfnAutoScalingGroup.LifecycleHookSpecificationProperty[] = [
  {
    lifecycleHookName: READY_HOOK.name,
    lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    heartbeatTimeout: READY_HOOK.heartbeatSeconds,
    // An instance whose worker never proves itself is replaced.
    defaultResult: 'ABANDON',
  },
  {
    lifecycleHookName: DRAIN_HOOK.name,
    lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    heartbeatTimeout: DRAIN_HOOK.heartbeatSeconds,
    defaultResult: 'CONTINUE',
  },
];

const toFleet = (
  pool: string,
  group: string,
  { instanceTypes, targetWaitSeconds, idleSeconds, budgetPerHour, pricePerHour }: WorkersConfig,
): FleetConfig => ({
  ...{ pool, group, instanceType: instanceTypes[0] ?? '', targetWaitSeconds },
  ...(idleSeconds !== undefined && { idleSeconds }),
  ...(budgetPerHour !== undefined && { budgetPerHour }),
  ...(pricePerHour !== undefined && { pricePerHour }),
});

const toMixedInstancesPolicy = (
  launchTemplate: ILaunchTemplate,
  { instanceTypes, onDemandBase, spotPercent }: WorkersConfig,
): MixedInstancesPolicy => ({
  launchTemplate,
  launchTemplateOverrides: instanceTypes.map((type) => ({ instanceType: new InstanceType(type) })),
  instancesDistribution: {
    onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
    onDemandBaseCapacity: onDemandBase,
    onDemandPercentageAboveBaseCapacity: 100 - spotPercent,
    // What is least likely to be taken back, among what is cheap.
    spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
  },
});
