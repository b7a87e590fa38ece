import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FleetMemberState, FleetView } from '../../contract/fleet.ts';
import { LEAVE_TUNING, shouldLeave, type LeaveInputs } from './should-leave.ts';

const { spareIdleSeconds, lastIdleSeconds } = LEAVE_TUNING;

const fleetOf = (states: readonly FleetMemberState[], view: Partial<FleetView> = {}): FleetView => ({
  ...{ ageSeconds: 10, backlogSeconds: 0 },
  members: states.map((state, index) => ({ id: `i-${index}`, state })),
  ...view,
});

const ask = (inputs: Partial<LeaveInputs>): { leave: boolean; reason: string } =>
  shouldLeave({
    ...{ instanceId: 'i-0', idleSeconds: 1, busyShare: 0.95, min: 0, targetWaitSeconds: 240 },
    fleet: fleetOf(['READY']),
    ...inputs,
  });

describe('an idle instance', () => {
  it('stays for the next task when it is the last, for a while', () => {
    expect(ask({ idleSeconds: lastIdleSeconds - 1 })).toEqual({
      ...{ leave: false, reason: 'of 1 instances 1 are needed, for the next task' },
    });
    expect(ask({ idleSeconds: lastIdleSeconds })).toMatchObject({ leave: true });
  });

  it('stays less long where others stay', () => {
    const fleet = fleetOf(['READY', 'BUSY']);
    expect(ask({ fleet, idleSeconds: spareIdleSeconds - 1 }).leave).toBe(false);
    expect(ask({ fleet, idleSeconds: spareIdleSeconds }).leave).toBe(true);
  });

  it('leaves at once when the others can do all that there has been to do', () => {
    const fleet = fleetOf(['READY', 'BUSY', 'BUSY', 'BUSY']);
    expect(ask({ fleet, busyShare: 0.6 })).toEqual({
      leave: true,
      reason: '1 s idle; of 4 instances 3 are needed, for what there has been to do',
    });
    expect(ask({ fleet, busyShare: 0.8 }).leave).toBe(false);
    // It has not been there for long enough to know.
    expect(ask({ fleet, busyShare: undefined }).leave).toBe(false);
  });

  it('stays for the backlog, and for the least that there must be', () => {
    const idleSeconds = 1000;
    expect(ask({ idleSeconds, fleet: fleetOf(['READY'], { backlogSeconds: 1 }) }).leave).toBe(false);
    expect(ask({ idleSeconds, min: 1 })).toMatchObject({
      ...{ leave: false, reason: 'of 1 instances 1 are needed, for there are never fewer' },
    });
  });

  it.each<[string, Partial<LeaveInputs>]>([
    ['nothing is known of the others', { fleet: undefined }],
    ['what is known of the others is old', { fleet: fleetOf(['READY'], { ageSeconds: 181 }) }],
    ['what is known of the others is old', { fleet: fleetOf(['READY'], { ageSeconds: NaN }) }],
    ['the least number of instances is not known', { min: NaN }],
    ['it was not idle when the fleet was last looked at', { fleet: fleetOf(['BUSY']) }],
    ['it was not idle when the fleet was last looked at', { instanceId: 'i-9' }],
    ['it is not idle', { idleSeconds: NaN }],
  ])('stays when %s', (reason, inputs) => {
    expect(ask({ idleSeconds: 1000, ...inputs })).toEqual({ leave: false, reason });
  });

  it('needs everybody for a backlog that is not known', () => {
    const fleet = fleetOf(['READY', 'READY'], { backlogSeconds: NaN });
    expect(ask({ idleSeconds: 1000, fleet }).leave).toBe(false);
    const sane = fleetOf(['READY', 'READY'], { backlogSeconds: 10 });
    expect(ask({ idleSeconds: 1000, fleet: sane, targetWaitSeconds: NaN }).leave).toBe(false);
  });
});

const STATES = ['BOOTING', 'READY', 'BUSY', 'DRAINING'] as const;

describe('all who are idle, asking at the same time', () => {
  it('never leave fewer behind than the least, or than the backlog needs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...STATES), { maxLength: 12 }),
        fc.nat(5),
        fc.double({ min: 0, max: 3000, noNaN: true }),
        fc.array(
          fc.record({
            idleSeconds: fc.nat(200),
            busyShare: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
          }),
          { minLength: 12, maxLength: 12 },
        ),
        (states, min, backlogSeconds, own) => {
          const fleet = fleetOf(states, { backlogSeconds });
          const staying = fleet.members.filter(({ state }) => state !== 'DRAINING');
          const leaving = staying.filter(
            ({ id }, index) => ask({ ...own[index], instanceId: id, fleet, min }).leave,
          );
          const left = staying.length - leaving.length;
          const needed = Math.max(min, Math.ceil(backlogSeconds / 240));
          expect(left).toBeGreaterThanOrEqual(Math.min(staying.length, needed));
          expect(leaving.every(({ state }) => state === 'READY')).toBe(true);
        },
      ),
    );
  });
});
