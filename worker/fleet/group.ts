import {
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  type AutoScalingClient,
} from '@aws-sdk/client-auto-scaling';
import type { Group } from './pass.ts';

const ACTIVITIES = 20;
const ZONES = 'AZRebalance';

/** An Auto Scaling group, as the scaler needs it. */
export const createGroup = (options: { autoScaling: AutoScalingClient; name: string }): Group => {
  const { autoScaling, name: AutoScalingGroupName } = options;
  return {
    read: async () => {
      const { AutoScalingGroups = [] } = await autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
      );
      const [group] = AutoScalingGroups;
      if (!group) throw new Error(`There is no Auto Scaling group ${AutoScalingGroupName}`);
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
      await autoScaling.send(
        new SetDesiredCapacityCommand({
          AutoScalingGroupName,
          DesiredCapacity: desired,
          // A cooldown is for alarms that know nothing of what is on its way.
          HonorCooldown: false,
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
