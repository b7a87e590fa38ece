import {
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  type AutoScalingGroup,
  type AutoScalingClient,
} from '@aws-sdk/client-auto-scaling';
import type { Group } from './pass.ts';

const ACTIVITIES = 20;
const ZONES = 'AZRebalance';

/** An Auto Scaling group, as the scaler needs it. */
export const createGroup = (options: { autoScaling: AutoScalingClient; name: string }): Group => {
  const { autoScaling, name: AutoScalingGroupName } = options;
  const describe = async (): Promise<AutoScalingGroup> => {
    const { AutoScalingGroups = [] } = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
    );
    const [group] = AutoScalingGroups;
    if (!group) throw new Error(`There is no Auto Scaling group ${AutoScalingGroupName}`);
    return group;
  };
  return {
    read: async () => {
      const group = await describe();
      return {
        desired: group.DesiredCapacity ?? 0,
        min: group.MinSize ?? 0,
        max: group.MaxSize ?? 0,
        balancesZones: !group.SuspendedProcesses?.some(({ ProcessName }) => ProcessName === ZONES),
        instances: (group.Instances ?? []).map(({ InstanceId = '', InstanceType, LifecycleState = '' }) => ({
          id: InstanceId,
          ...(InstanceType !== undefined && { instanceType: InstanceType }),
          lifecycleState: LifecycleState,
        })),
      };
    },

    raise: async (desired) => {
      // Another pass, or a person, may have been faster: a slow call must not take anything back.
      if (((await describe()).DesiredCapacity ?? 0) >= desired) return;
      await autoScaling.send(
        new SetDesiredCapacityCommand({
          AutoScalingGroupName,
          DesiredCapacity: desired,
          // A cooldown is for alarms that know nothing of what is on its way.
          HonorCooldown: false,
        }),
      );
    },

    end: async (InstanceId) => {
      await autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
      );
    },

    replace: async (InstanceId) => {
      await autoScaling.send(
        new SetInstanceHealthCommand({
          ...{ InstanceId, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false },
        }),
      );
    },

    leaveZonesAlone: async () => {
      await autoScaling.send(
        new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: [ZONES] }),
      );
    },

    failures: async (since) => {
      const { Activities = [] } = await autoScaling.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName, MaxRecords: ACTIVITIES }),
      );
      return Activities.flatMap(({ StatusCode, StatusMessage, StartTime }) =>
        StatusCode === 'Failed' && (StartTime?.getTime() ?? 0) >= since
          ? [StatusMessage ?? 'a launch failed']
          : [],
      );
    },
  };
};
