import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const FLEET = { pool: 'default', group: 'workers', instanceType: 'g5.xlarge', targetWaitSeconds: 300 };
const ENV = { TASKS_TABLE: 't', WORKERS_TABLE: 'w', FLEET_TABLE: 'f', FLEETS: JSON.stringify([FLEET]) };

describe('the scaler’s configuration', () => {
  it('holds every fleet with what was chosen for it, and nothing that was not', () => {
    expect(loadConfig(ENV)).toEqual({
      ...{ tasksTable: 't', workersTable: 'w', fleetTable: 'f', fleets: [FLEET] },
    });
  });

  it.each([
    ['is not JSON', 'x'],
    ['names no fleet', '[]'],
    ['group', JSON.stringify([{ ...FLEET, group: '' }])],
    ['targetWaitSeconds', JSON.stringify([{ ...FLEET, targetWaitSeconds: -1 }])],
  ])('is refused where FLEETS %s', (problem, FLEETS) => {
    expect(() => loadConfig({ ...ENV, FLEETS })).toThrow(problem);
  });

  it('names everything that is missing at once', () => {
    expect(() => loadConfig({})).toThrow(/TASKS_TABLE.*WORKERS_TABLE.*FLEET_TABLE.*FLEETS/);
  });
});
