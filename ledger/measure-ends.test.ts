import { describe, expect, it } from 'vitest';
import type { TaskRow } from '../contract/task.ts';
import { createMeasureEnds } from './measure-ends.ts';
import type { Ending } from './reconcile.ts';

const POOLS = [
  { name: 'default', queueUrl: 'https://sqs/default', group: 'workers', models: [] },
  { name: 'xl', queueUrl: 'https://sqs/xl', group: 'workers-xl', models: ['m'] },
];

const measured = (pool: string, event: Ending): Record<string, unknown> => {
  const lines: string[] = [];
  createMeasureEnds({ pools: POOLS, write: (line) => void lines.push(line), wallClock: () => 0 })(
    { id: 't', pool } as TaskRow,
    event,
  );
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
};

describe('an end that the reconciler brings about', () => {
  it.each<[Ending, string, string | undefined]>([
    ['expire', 'TaskExpired', 'START_EXPIRED'],
    ['deadline', 'TaskFailed', 'DEADLINE_EXCEEDED'],
    ['giveUp', 'TaskFailed', 'WORKER_LOST'],
    ['cancelLost', 'TaskCanceled', undefined],
  ])('%s counts as %s, code %s', (event, name, code) => {
    const line = measured('xl', event);
    expect(line).toMatchObject({ [name]: 1, taskId: 't', AutoScalingGroup: 'workers-xl' });
    expect(line.code).toBe(code);
  });

  it('of a pool that is no more counts as the default one’s', () => {
    expect(measured('gone', 'giveUp')).toMatchObject({ AutoScalingGroup: 'workers' });
  });
});
