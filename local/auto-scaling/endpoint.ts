import type { Activity } from '../instances/activities.ts';
import type {
  AutoScalingGroup,
  GroupDescription,
  MemberDescription,
} from '../instances/auto-scaling-group.ts';
import {
  listOf,
  QueryError,
  toQueryAnswer,
  toQueryFailure,
  type QueryEndpoint,
  type XmlValue,
} from './query-protocol.ts';

export interface EndpointOptions {
  /** Asked for each call, since instances may call before every group is there. */
  readonly groups: () => readonly AutoScalingGroup[];
  readonly region: string;
  readonly accountId: string;
}

/** The service's own limit, and its default. */
const MAX_RECORDS = 100;

export const AUTO_SCALING_NAMESPACE = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';

/**
 * The calls of Auto Scaling's API, version 2011-01-01, that an instance and a scaler make. Errors are worded as AWS's, as far as people have quoted them: code that
 * tells one `ValidationError` from another has nothing but the words.
 */
export const createAutoScalingEndpoint = (options: EndpointOptions): QueryEndpoint => {
  const actions: Readonly<Record<string, (form: URLSearchParams) => XmlValue>> = {
    DescribeAutoScalingGroups: (form) => {
      const names = listOf(form, 'AutoScalingGroupNames');
      const all = options.groups().map((group) => group.describe());
      const asked = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
      return { AutoScalingGroups: asked.map((group) => toGroup(group, options)) };
    },

    DescribeAutoScalingInstances: (form) => {
      const ids = listOf(form, 'InstanceIds');
      const all = options.groups().flatMap((group) => {
        const described = group.describe();
        return described.members.map((member) => toInstance(described, member, options.region));
      });
      return {
        AutoScalingInstances: all.filter(({ InstanceId }) => ids.length === 0 || ids.includes(InstanceId)),
      };
    },

    DescribeScalingActivities: (form) => {
      const name = form.get('AutoScalingGroupName');
      const ids = listOf(form, 'ActivityIds');
      const most = Number(form.get('MaxRecords') ?? MAX_RECORDS);
      if (!(most >= 1 && most <= MAX_RECORDS)) {
        throw invalid(`The number of records must be within 1 and ${MAX_RECORDS}, not ${most}`);
      }
      const groups = name === null ? options.groups() : [groupNamed(options, name)];
      const found = groups.flatMap((group) =>
        group
          .activities()
          .filter(({ activityId }) => ids.length === 0 || ids.includes(activityId))
          .map((activity) => toActivity(group.describe().name, activity)),
      );
      found.sort((one, other) => other.StartTime.localeCompare(one.StartTime));
      return { Activities: found.slice(0, most) };
    },

    SetInstanceHealth: (form) => {
      const instanceId = required(form, 'InstanceId');
      const status = oneOf(form, 'HealthStatus', ['Healthy', 'Unhealthy'] as const);
      groupOf(options, instanceId).setHealth(instanceId, status);
      return undefined;
    },

    TerminateInstanceInAutoScalingGroup: (form) => {
      const instanceId = required(form, 'InstanceId');
      const decrement = required(form, 'ShouldDecrementDesiredCapacity') === 'true';
      const group = groupOf(options, instanceId);
      const { desiredCapacity, minSize, name } = group.describe();
      if (decrement && desiredCapacity <= minSize) {
        throw invalid(
          `Currently, desiredSize equals minSize (${minSize}). Terminating instance without replacement will violate ` +
            `group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
        );
      }
      void group.terminate(instanceId, { decrement });
      // The latest of the instance: its end.
      const activity = group.activities().find((candidate) => candidate.instanceId === instanceId);
      return { Activity: activity && toActivity(name, activity) };
    },

    SetDesiredCapacity: (form) => {
      const group = groupNamed(options, required(form, 'AutoScalingGroupName'));
      const desired = Number(required(form, 'DesiredCapacity'));
      const { minSize, maxSize } = group.describe();
      const refusal = `New SetDesiredCapacity value ${desired} is`;
      if (desired > maxSize) throw invalid(`${refusal} above max value ${maxSize} for the AutoScalingGroup.`);
      if (desired < minSize) throw invalid(`${refusal} below min value ${minSize} for the AutoScalingGroup.`);
      group.setDesiredCapacity(desired);
      return undefined;
    },

    SuspendProcesses: (form) => {
      const group = groupNamed(options, required(form, 'AutoScalingGroupName'));
      const processes = listOf(form, 'ScalingProcesses');
      const unknown = processes.find((process) => !PROCESSES.includes(process));
      if (unknown !== undefined) throw invalid(`Invalid process type: ${unknown}`);
      group.suspendProcesses(processes.length === 0 ? PROCESSES : processes);
      return undefined;
    },

    CompleteLifecycleAction: (form) => {
      const group = groupNamed(options, required(form, 'AutoScalingGroupName'));
      const hook = required(form, 'LifecycleHookName');
      const result = oneOf(form, 'LifecycleActionResult', ['CONTINUE', 'ABANDON'] as const);
      const instanceId = required(form, 'InstanceId');
      if (!group.completeLifecycleAction(instanceId, hook, result)) {
        throw invalid(`No active Lifecycle Action found with instance ID ${instanceId}`);
      }
      return {};
    },
  };

  return (form) => {
    const action = form.get('Action') ?? '';
    try {
      const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
      if (!perform) {
        const version = form.get('Version') ?? '';
        throw new QueryError('InvalidAction', `Could not find operation ${action} for version ${version}`);
      }
      return toQueryAnswer(AUTO_SCALING_NAMESPACE, action, perform(form));
    } catch (error) {
      const known =
        error instanceof QueryError ? error : new QueryError('InternalFailure', String(error), 500);
      return toQueryFailure(AUTO_SCALING_NAMESPACE, known);
    }
  };
};

/** `DescribeScalingProcessTypes`. */
const PROCESSES: readonly string[] = [
  ...['AZRebalance', 'AddToLoadBalancer', 'AlarmNotification', 'HealthCheck', 'InstanceRefresh', 'Launch'],
  ...['ReplaceUnhealthy', 'ScheduledActions', 'Terminate'],
];

const invalid = (message: string): QueryError => new QueryError('ValidationError', message);

const required = (form: URLSearchParams, name: string): string => {
  const value = form.get(name);
  if (value !== null && value !== '') return value;
  const parameter = name.charAt(0).toLowerCase() + name.slice(1);
  throw invalid(
    `1 validation error detected: Value null at '${parameter}' failed to satisfy constraint: Member must not be null`,
  );
};

const oneOf = <T extends string>(form: URLSearchParams, name: string, choices: readonly T[]): T => {
  const value = required(form, name);
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw invalid(`Valid ${name} values are ${choices.join(', ')}.`);
  return choice;
};

const groupNamed = ({ groups }: EndpointOptions, name: string): AutoScalingGroup => {
  const found = groups().find((group) => group.describe().name === name);
  if (!found) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup: ${name} not found`);
  return found;
};

const groupOf = ({ groups }: EndpointOptions, instanceId: string): AutoScalingGroup => {
  const found = groups().find((group) =>
    group.describe().members.some((member) => member.instanceId === instanceId),
  );
  if (!found) {
    throw invalid(`Instance Id not found - No managed instance found for instance ID: ${instanceId}`);
  }
  return found;
};

const toGroup = (group: GroupDescription, { region, accountId }: EndpointOptions) => ({
  AutoScalingGroupName: group.name,
  AutoScalingGroupARN: `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:local:autoScalingGroupName/${group.name}`,
  MinSize: group.minSize,
  MaxSize: group.maxSize,
  DesiredCapacity: group.desiredCapacity,
  DefaultCooldown: 300,
  AvailabilityZones: [`${region}a`],
  HealthCheckType: 'EC2',
  HealthCheckGracePeriod: 0,
  SuspendedProcesses: group.suspendedProcesses.map((ProcessName) => ({ ProcessName })),
  Instances: group.members.map((member) => ({
    InstanceId: member.instanceId,
    InstanceType: member.instanceType,
    AvailabilityZone: `${region}a`,
    LifecycleState: member.lifecycleState,
    HealthStatus: member.healthStatus,
    ProtectedFromScaleIn: member.protectedFromScaleIn,
  })),
});

const toInstance = (group: GroupDescription, member: MemberDescription, region: string) => ({
  InstanceId: member.instanceId,
  InstanceType: member.instanceType,
  AutoScalingGroupName: group.name,
  AvailabilityZone: `${region}a`,
  LifecycleState: member.lifecycleState,
  // In capitals here, and not above: so does AWS.
  HealthStatus: member.healthStatus.toUpperCase(),
  ProtectedFromScaleIn: member.protectedFromScaleIn,
});

const toActivity = (group: string, activity: Activity) => ({
  ActivityId: activity.activityId,
  AutoScalingGroupName: group,
  Description: activity.description,
  Cause: activity.cause,
  StartTime: new Date(activity.startTime).toISOString(),
  EndTime: activity.endTime === undefined ? undefined : new Date(activity.endTime).toISOString(),
  StatusCode: activity.statusCode,
  StatusMessage: activity.statusMessage,
  Progress: activity.endTime === undefined ? 0 : 100,
});
