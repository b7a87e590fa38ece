import { join } from 'node:path';
import {
  createAutoScalingGroup,
  type AutoScalingGroup,
  type LifecycleHook,
} from '../instances/auto-scaling-group.ts';
import { startInstance } from '../instances/instance.ts';
import type { WebuiOptions } from '../instances/webui.ts';
import { TemplateError } from '../template/types.ts';
import { REGION, type Deployment } from './deployment.ts';

export interface WorkersOptions {
  readonly deployment: Deployment;
  readonly webui: WebuiOptions;
  /** Instead of the template's desired capacity. */
  readonly instances: number | undefined;
  readonly log: (source: string, line: string) => void;
}

interface GroupProperties {
  readonly MinSize: string;
  readonly MaxSize: string;
  readonly DesiredCapacity?: string;
  readonly NewInstancesProtectedFromScaleIn?: boolean;
}

interface HookProperties {
  readonly AutoScalingGroupName: string;
  readonly LifecycleTransition: string;
  readonly HeartbeatTimeout?: number;
}

interface LaunchTemplateProperties {
  readonly LaunchTemplateData: {
    readonly UserData: string;
    readonly IamInstanceProfile: { readonly Arn: string };
  };
}

/**
 * The Auto Scaling group, before it is started. Its user data is never run, but read: it names the worker's code and the
 * parameter that holds the worker's environment.
 */
export const createWorkers = ({ deployment, webui, instances, log }: WorkersOptions): AutoScalingGroup => {
  const { only, propertiesOf, physical, assetIn, roles, credentialsOf } = deployment;
  const groupId = only('AWS::AutoScaling::AutoScalingGroup');
  const group = propertiesOf<GroupProperties>(groupId);
  const { LaunchTemplateData } = propertiesOf<LaunchTemplateProperties>(only('AWS::EC2::LaunchTemplate'));
  const userData = Buffer.from(LaunchTemplateData.UserData, 'base64').toString('utf8');
  const [roleArn] = roles.rolesOfProfile(LaunchTemplateData.IamInstanceProfile.Arn);
  if (roleArn === undefined) throw new TemplateError('The instance profile of the workers has no role');

  const desiredCapacity = instances ?? Number(group.DesiredCapacity ?? group.MinSize);
  return createAutoScalingGroup({
    name: physical(groupId).ref,
    // What this run was asked for must be possible.
    minSize: Math.min(Number(group.MinSize), desiredCapacity),
    maxSize: Math.max(Number(group.MaxSize), desiredCapacity),
    desiredCapacity,
    newInstancesProtectedFromScaleIn: group.NewInstancesProtectedFromScaleIn ?? false,
    hook: terminationHookOf(deployment, physical(groupId).ref),
    log: (line) => log('auto-scaling', line),
    launch: (instanceId) =>
      startInstance({
        instanceId,
        region: REGION,
        workerModule: join(assetIn(userData), 'index.mjs'),
        environment: { ...workerEnvironment(deployment), ...credentialsOf(roleArn, instanceId) },
        webui,
        log,
      }),
  });
};

const terminationHookOf = (
  { idsOf, physical, propertiesOf }: Deployment,
  groupName: string,
): LifecycleHook | undefined => {
  const hooks = idsOf('AWS::AutoScaling::LifecycleHook').flatMap((id): LifecycleHook[] => {
    const { AutoScalingGroupName, LifecycleTransition, HeartbeatTimeout } = propertiesOf<HookProperties>(id);
    if (AutoScalingGroupName !== groupName) return [];
    if (LifecycleTransition !== 'autoscaling:EC2_INSTANCE_TERMINATING') {
      throw new TemplateError(`The local group knows no hook of ${LifecycleTransition}: ${id}`);
    }
    // An hour is the service's default.
    return [{ name: physical(id).ref, heartbeatSeconds: HeartbeatTimeout ?? 3600 }];
  });
  if (hooks.length > 1) throw new TemplateError(`The local group has one hook at most, not ${hooks.length}`);
  return hooks[0];
};

/** The SSM parameter, one JSON object of strings. */
export const workerEnvironment = ({ only, propertiesOf }: Deployment): Record<string, string> =>
  JSON.parse(propertiesOf<{ Value: string }>(only('AWS::SSM::Parameter')).Value) as Record<string, string>;
