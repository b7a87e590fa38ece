import { describe, expect, it } from 'vitest';
import type { FleetConfig } from '../../../contract/fleet.ts';
import { toWakeBody } from '../../../contract/wake.ts';
import { toTrigger } from './trigger.ts';

const fleetOf = (pool: string): FleetConfig => ({
  ...{ pool, group: `workers-${pool}`, instanceType: 'g5.xlarge', targetWaitSeconds: 300 },
});
const FLEETS = [fleetOf('default'), fleetOf('xl')];
const ID = '0b38f3a2-6a3f-4a0e-9a53-0d6f3f6b1c11';

const poolsOf = (event: unknown): readonly string[] =>
  toTrigger(event, FLEETS).fleets.map(({ pool }) => pool);

describe('what the scaler looks at', () => {
  it('is every fleet by its schedule', () => {
    expect(poolsOf({ source: 'aws.events', detail: {} })).toEqual(['default', 'xl']);
  });

  it('is the fleet that a task found nobody in, and that task; of a pool that is no more the default one', () => {
    const wake = (pool: string) => ({ Records: [{ body: toWakeBody({ v: 1, pool, taskId: ID }) }] });
    expect(toTrigger(wake('xl'), FLEETS)).toEqual({ fleets: [FLEETS[1]], taskIds: [ID] });
    expect(poolsOf(wake('gone'))).toEqual(['default']);
  });

  it('is the fleet whose instance comes or goes, and nobody else’s group', () => {
    expect(poolsOf({ detail: { AutoScalingGroupName: 'workers-xl' } })).toEqual(['xl']);
    expect(poolsOf({ detail: { AutoScalingGroupName: 'somebody else’s' } })).toEqual([]);
  });

  it('is nothing for a message that is none of ours', () => {
    expect(toTrigger({ Records: [{ body: '{"v": 2}' }, { body: 'x' }, {}] }, FLEETS)).toEqual({
      ...{ fleets: [], taskIds: [] },
    });
  });
});
