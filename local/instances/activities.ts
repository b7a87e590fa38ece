import { randomUUID } from 'node:crypto';

/** A change of a group, as `DescribeScalingActivities` tells it. */
export interface Activity {
  readonly activityId: string;
  /** Absent: none was launched. */
  readonly instanceId?: string;
  readonly description: string;
  readonly cause: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly endTime?: number;
  readonly statusCode: 'InProgress' | 'MidLifecycleAction' | 'Successful' | 'Failed' | 'Cancelled';
  readonly statusMessage?: string;
}

export interface Activities {
  /** The latest first. */
  readonly list: () => readonly Activity[];
  readonly begin: (what: Pick<Activity, 'instanceId' | 'description' | 'cause'>) => RunningActivity;
  /** One that failed before there was an instance. */
  readonly fail: (statusMessage: string, cause: string) => void;
}

export interface RunningActivity {
  readonly wait: () => void;
  /** Only the first end counts. */
  readonly end: (statusCode: 'Successful' | 'Failed' | 'Cancelled', statusMessage?: string) => void;
}

/** AWS keeps six weeks. */
const MAX_ACTIVITIES = 100;

export const createActivities = (clock: () => number): Activities => {
  const activities: Activity[] = [];

  const add = (activity: Activity): void => {
    activities.unshift(activity);
    activities.splice(MAX_ACTIVITIES);
  };

  const change = (activityId: string, changes: Partial<Activity>): void => {
    const index = activities.findIndex((activity) => activity.activityId === activityId);
    const activity = activities[index];
    if (activity && activity.endTime === undefined) activities[index] = { ...activity, ...changes };
  };

  return {
    list: () => [...activities],
    begin: (what) => {
      const activityId = randomUUID();
      add({ activityId, ...what, startTime: clock(), statusCode: 'InProgress' });
      return {
        wait: () => change(activityId, { statusCode: 'MidLifecycleAction' }),
        end: (statusCode, statusMessage) =>
          change(activityId, {
            statusCode,
            endTime: clock(),
            ...(statusMessage !== undefined && { statusMessage }),
          }),
      };
    },
    fail: (statusMessage, cause) => {
      const now = clock();
      add({
        activityId: randomUUID(),
        description: `Launching a new EC2 instance.  Status Reason: ${statusMessage}`,
        cause,
        startTime: now,
        endTime: now,
        statusCode: 'Failed',
        statusMessage,
      });
    },
  };
};

/** What EC2 says when it has none of a type, as Auto Scaling passes it on: `InsufficientInstanceCapacity`. */
export const toInsufficientCapacity = (instanceType: string, zone: string): string =>
  `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). ` +
  `Our system will be working on provisioning additional capacity. You can currently get ${instanceType} capacity by ` +
  'not specifying an Availability Zone in your request. Launching EC2 instance failed.';
