import { join } from 'node:path';
import { ENV } from '../../contract/env.ts';
import { DEFAULT_POOL } from '../../contract/fleet.ts';
import {
  createAutoScalingGroup,
  type AutoScalingGroup,
  type LifecycleHook,
  type LifecycleHooks,
  type LifecycleResult,
} from '../instances/auto-scaling-group.ts';
import { startInstance } from '../instances/instance.ts';
import type { WebuiOptions } from '../instances/webui.ts';
import { TemplateError } from '../template/types.ts';
import { ACCOUNT_ID, REGION, type Deployment } from './deployment.ts';
import type { ServiceEvent } from './event-rules.ts';

export interface WorkersOptions {
  readonly deployment: Deployment;
  readonly webui: WebuiOptions;
  /** A fleet of that many, which none may leave for good, instead of the template's capacity. */
  readonly instances: number | undefined;
  /** From the launch of an instance until its processes are started. */
  readonly bootMs: number;
  readonly log: (source: string, line: string) => void;
  /** Receives what Auto Scaling tells EventBridge. */
  readonly emit: (event: ServiceEvent) => void;
}

/** The instances of one pool. */
export interface PoolOfInstances {
  readonly pool: string;
  readonly group: AutoScalingGroup;
}

interface LaunchTemplateSpecification {
  readonly LaunchTemplateId: string;
}

interface GroupProperties {
  readonly MinSize: string;
  readonly MaxSize: string;
  readonly DesiredCapacity?: string;
  readonly NewInstancesProtectedFromScaleIn?: boolean;
  readonly LaunchTemplate?: LaunchTemplateSpecification;
  readonly MixedInstancesPolicy?: {
    readonly LaunchTemplate: {
      readonly LaunchTemplateSpecification: LaunchTemplateSpecification;
      readonly Overrides?: readonly { readonly InstanceType?: string }[];
    };
  };
  readonly LifecycleHookSpecificationList?: readonly HookProperties[];
}

interface HookProperties {
  readonly LifecycleHookName?: string;
  readonly LifecycleTransition: string;
  readonly HeartbeatTimeout?: number;
  readonly DefaultResult?: LifecycleResult;
}

interface LaunchTemplateProperties {
  readonly LaunchTemplateData: {
    readonly UserData: string;
    readonly InstanceType?: string;
    readonly IamInstanceProfile: { readonly Arn: string };
  };
}

const TERMINATING_MS = 500;

/** Every Auto Scaling group of the template, before it is started; the default pool's comes first. */
export const createWorkers = (options: WorkersOptions): readonly PoolOfInstances[] => {
  const { idsOf } = options.deployment;
  const pools = idsOf('AWS::AutoScaling::AutoScalingGroup').map((id) => createPool(id, options));
  const isDefault = ({ pool }: PoolOfInstances): boolean => pool === DEFAULT_POOL;
  return pools.sort((left, right) => Number(isDefault(right)) - Number(isDefault(left)));
};

/** Its user data is never run, but read: it names the worker's code and the parameter that holds the worker's environment. */
const createPool = (groupId: string, options: WorkersOptions): PoolOfInstances => {
  const { deployment, webui, instances, bootMs, log, emit } = options;
  const { propertiesOf, physical, assetIn, roles, credentialsOf } = deployment;
  const properties = propertiesOf<GroupProperties>(groupId);
  const { UserData, IamInstanceProfile, instanceType } = launchedBy(deployment, groupId, properties);
  const userData = Buffer.from(UserData, 'base64').toString('utf8');
  const [roleArn] = roles.rolesOfProfile(IamInstanceProfile.Arn);
  if (roleArn === undefined) throw new TemplateError(`The instance profile of ${groupId} has no role`);

  const { ref: name } = physical(groupId);
  const group = createAutoScalingGroup({
    name,
    minSize: instances ?? Number(properties.MinSize),
    maxSize: instances ?? Number(properties.MaxSize),
    desiredCapacity: instances ?? Number(properties.DesiredCapacity ?? properties.MinSize),
    instanceType,
    newInstancesProtectedFromScaleIn: properties.NewInstancesProtectedFromScaleIn ?? false,
    hooks: toHooks(deployment, groupId, properties),
    bootMs,
    terminatingMs: TERMINATING_MS,
    log: (line) => log('auto-scaling', line),
    emit: (detailType, detail) =>
      emit({
        source: 'aws.autoscaling',
        detailType,
        detail: { ...detail, AutoScalingGroupName: name },
      }),
    launch: (instanceId, launchedAt) =>
      startInstance({
        instanceId,
        instanceType,
        launchedAt,
        region: REGION,
        accountId: ACCOUNT_ID,
        workerModule: join(assetIn(userData), 'index.mjs'),
        environment: { ...environmentIn(userData, deployment), ...credentialsOf(roleArn, instanceId) },
        webui,
        log,
      }),
  });
  return { pool: environmentIn(userData, deployment)[ENV.pool] ?? DEFAULT_POOL, group };
};

/** The launch template that the group refers to. Of several types there is always the first: on demand, it is preferred. */
const launchedBy = (
  { idsOf, physical, propertiesOf }: Deployment,
  groupId: string,
  group: GroupProperties,
) => {
  const mixed = group.MixedInstancesPolicy?.LaunchTemplate;
  const specification = mixed?.LaunchTemplateSpecification ?? group.LaunchTemplate;
  const templateId = idsOf('AWS::EC2::LaunchTemplate').find(
    (id) => physical(id).ref === specification?.LaunchTemplateId,
  );
  if (templateId === undefined) throw new TemplateError(`${groupId} refers to no launch template`);
  const { LaunchTemplateData } = propertiesOf<LaunchTemplateProperties>(templateId);
  const instanceType = mixed?.Overrides?.[0]?.InstanceType ?? LaunchTemplateData.InstanceType;
  if (instanceType === undefined) throw new TemplateError(`${groupId} names no instance type`);
  return { ...LaunchTemplateData, instanceType };
};

const TRANSITIONS = new Map<string, keyof LifecycleHooks>([
  ['autoscaling:EC2_INSTANCE_LAUNCHING', 'launching'],
  ['autoscaling:EC2_INSTANCE_TERMINATING', 'terminating'],
]);

/** Those in the group itself, and those that are resources of their own. */
const toHooks = (
  { idsOf, physical, propertiesOf }: Deployment,
  groupId: string,
  { LifecycleHookSpecificationList = [] }: GroupProperties,
): LifecycleHooks => {
  const separate = idsOf('AWS::AutoScaling::LifecycleHook').flatMap((id): HookProperties[] => {
    const hook = propertiesOf<HookProperties & { readonly AutoScalingGroupName: string }>(id);
    if (hook.AutoScalingGroupName !== physical(groupId).ref) return [];
    return [{ ...hook, LifecycleHookName: physical(id).ref }];
  });
  const hooks: Partial<Record<keyof LifecycleHooks, LifecycleHook>> = {};
  for (const hook of [...LifecycleHookSpecificationList, ...separate]) {
    const { LifecycleHookName: name, LifecycleTransition, HeartbeatTimeout, DefaultResult } = hook;
    const transition = TRANSITIONS.get(LifecycleTransition);
    if (name === undefined || transition === undefined || hooks[transition]) {
      throw new TemplateError(
        `${groupId}: the local group has one named hook for each transition, so not ${name} of ${LifecycleTransition}`,
      );
    }
    // An hour and ABANDON are the service's defaults.
    hooks[transition] = {
      name,
      heartbeatSeconds: HeartbeatTimeout ?? 3600,
      defaultResult: DefaultResult ?? 'ABANDON',
    };
  }
  return hooks;
};

/** The SSM parameter that the user data names: one JSON object of strings. */
const environmentIn = (
  userData: string,
  { idsOf, physical, propertiesOf }: Deployment,
): Record<string, string> => {
  const id = idsOf('AWS::SSM::Parameter').find((one) => userData.includes(physical(one).ref));
  if (id === undefined) throw new TemplateError('User data names no SSM parameter');
  return JSON.parse(propertiesOf<{ Value: string }>(id).Value) as Record<string, string>;
};

/** What the template sets for the workers of all pools; where they differ, for one of them. */
export const workerEnvironment = ({ idsOf, propertiesOf }: Deployment): Record<string, string> =>
  Object.assign(
    {},
    ...idsOf('AWS::SSM::Parameter').map(
      (id) => JSON.parse(propertiesOf<{ Value: string }>(id).Value) as Record<string, string>,
    ),
  ) as Record<string, string>;
