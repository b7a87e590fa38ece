import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

const start = (group?: string) => {
  const lines: string[] = [];
  const metrics = createMetrics({
    workerId: 'i-1',
    ...(group !== undefined && { group }),
    write: (line) => void lines.push(line),
    wallClock: () => 1_764_000_000_000.4,
  });
  return { metrics, lines };
};

describe('record', () => {
  it('writes one line of JSON in the embedded metric format', () => {
    const { metrics, lines } = start('workers');
    metrics.record({ TaskSucceeded: 1, InferenceSeconds: 3.25 }, { taskId: 't1', attempt: 2 });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      _aws: {
        Timestamp: 1_764_000_000_000,
        CloudWatchMetrics: [
          {
            Namespace: 'SdAsync',
            Dimensions: [['AutoScalingGroup']],
            Metrics: [
              { Name: 'TaskSucceeded', Unit: 'Count' },
              { Name: 'InferenceSeconds', Unit: 'Seconds' },
            ],
          },
        ],
      },
      AutoScalingGroup: 'workers',
      TaskSucceeded: 1,
      InferenceSeconds: 3.25,
      workerId: 'i-1',
      taskId: 't1',
      attempt: 2,
    });
  });

  it('keeps why a task failed out of the dimensions', () => {
    const { metrics, lines } = start('workers');
    metrics.record({ TaskFailed: 1 }, { code: 'OUT_OF_MEMORY' });
    const line = JSON.parse(lines[0] ?? '') as { _aws: { CloudWatchMetrics: { Dimensions: string[][] }[] } };
    expect(line._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['AutoScalingGroup']]);
    expect(line).toMatchObject({ code: 'OUT_OF_MEMORY' });
  });

  it('has no dimension where there is no group', () => {
    const { metrics, lines } = start();
    metrics.record({ WebuiRestarts: 1 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Dimensions: [[]] }] },
    });
  });

  it('leaves out a value that is no number, for which CloudWatch would throw the line away', () => {
    const { metrics, lines } = start();
    metrics.record({ GapSeconds: Number.NaN, StoreSeconds: 1 });
    metrics.record({ GapSeconds: Number.POSITIVE_INFINITY });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('GapSeconds');
  });

  it('lets no property take the place of a metric', () => {
    const { metrics, lines } = start('workers');
    metrics.record({ TaskFailed: 1 }, { TaskFailed: 'yes', AutoScalingGroup: 'other', _aws: 'none' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      TaskFailed: 1,
      AutoScalingGroup: 'workers',
      _aws: { CloudWatchMetrics: [{ Namespace: 'SdAsync' }] },
    });
  });
});
