import { describe, expect, it } from 'vitest';
import { createActivities } from './activities.ts';

const create = () => {
  let now = 0;
  return createActivities(() => (now += 1));
};

const launch = (instanceId: string) => ({
  instanceId,
  description: `Launching a new EC2 instance: ${instanceId}`,
  cause: 'Somebody waits',
});

describe('the activities of a group', () => {
  it('are told with their beginning and end, the latest first', () => {
    const activities = create();
    const first = activities.begin(launch('i-1'));
    const second = activities.begin(launch('i-2'));
    first.wait();
    second.end('Successful');
    expect(activities.list()).toMatchObject([
      { instanceId: 'i-2', statusCode: 'Successful', startTime: 2, endTime: 3 },
      { instanceId: 'i-1', statusCode: 'MidLifecycleAction', startTime: 1 },
    ]);
  });

  it('end once', () => {
    const activities = create();
    const activity = activities.begin(launch('i-1'));
    activity.end('Cancelled', 'It was given up');
    activity.end('Successful');
    activity.wait();
    expect(activities.list()).toMatchObject([{ statusCode: 'Cancelled', statusMessage: 'It was given up' }]);
  });

  it('tell why there is no instance', () => {
    const activities = create();
    activities.fail('There is none.', 'Somebody waits');
    expect(activities.list()).toMatchObject([
      {
        description: 'Launching a new EC2 instance.  Status Reason: There is none.',
        statusCode: 'Failed',
        statusMessage: 'There is none.',
        endTime: 1,
      },
    ]);
  });

  it('are forgotten when there are a hundred later ones', () => {
    const activities = create();
    const first = activities.begin(launch('i-0'));
    for (let count = 1; count <= 100; count += 1) activities.begin(launch(`i-${count}`));
    first.end('Successful');
    const ids = activities.list().map(({ instanceId }) => instanceId);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, 'i-100', 'i-1']);
  });
});
