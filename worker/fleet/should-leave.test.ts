import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FleetMemberState, FleetView } from '../../contract/fleet.ts';
import { LEAVE_TUNING, shouldLeave, type LeaveDecision, type LeaveInputs } from './should-leave.ts';

const { spareIdleTimesTarget, lastIdleSeconds, rareIdleSeconds, oftenTasks, fullShare } = LEAVE_TUNING;
const TARGET = 240;
const spareIdleSeconds = spareIdleTimesTarget / TARGET;

const fleetOf = (states: readonly FleetMemberState[], view: Partial<FleetView> = {}): FleetView => ({
  ...{ ageSeconds: 10, backlogSeconds: 0, queued: 0, returning: 0 },
  members: states.map((state, index) => ({ id: `i-${String(index).padStart(2, '0')}`, state })),
  ...view,
});

const ask = (inputs: Partial<LeaveInputs>): LeaveDecision =>
  shouldLeave({
    ...{ instanceId: 'i-00', idleSeconds: 1, busyShare: 0.99, recentTasks: 100, min: 0 },
    ...{ targetWaitSeconds: TARGET, fleet: fleetOf(['READY']) },
    ...inputs,
  });

describe('an idle instance', () => {
  it('stays for the next task when it is the last, longer where tasks come often', () => {
    expect(ask({ idleSeconds: lastIdleSeconds - 1 })).toEqual({
      ...{ leave: false, reason: 'of 1 instances 1 are needed, for the next task' },
    });
    expect(ask({ idleSeconds: lastIdleSeconds }).leave).toBe(true);
    const recentTasks = oftenTasks - 1;
    expect(ask({ idleSeconds: rareIdleSeconds - 1, recentTasks }).leave).toBe(false);
    expect(ask({ idleSeconds: rareIdleSeconds, recentTasks }).leave).toBe(true);
  });

  it('stays less long where others stay', () => {
    const fleet = fleetOf(['READY', 'BUSY']);
    expect(ask({ fleet, idleSeconds: spareIdleSeconds - 1 }).leave).toBe(false);
    expect(ask({ fleet, idleSeconds: spareIdleSeconds }).leave).toBe(true);
    // Where waits are to be shorter, longer.
    expect(ask({ fleet, idleSeconds: spareIdleSeconds, targetWaitSeconds: TARGET / 2 }).leave).toBe(false);
    expect(ask({ fleet, idleSeconds: 2 * spareIdleSeconds, targetWaitSeconds: TARGET / 2 }).leave).toBe(true);
  });

  it('leaves at once when the others can do all that there has been to do', () => {
    const fleet = fleetOf(['READY', 'BUSY', 'BUSY', 'BUSY']);
    const limit = (3 / 4) * fullShare;
    expect(ask({ fleet, busyShare: limit - 0.01 })).toEqual({
      leave: true,
      reason: '1 s idle; of 4 instances 3 are needed, for what there has been to do',
    });
    expect(ask({ fleet, busyShare: limit + 0.01 }).leave).toBe(false);
    // It has not been there for long enough to know.
    expect(ask({ fleet, busyShare: undefined }).leave).toBe(false);
  });

  it('stays for tasks that nobody can take yet, and where it is not the last lets the others leave', () => {
    const of = (view: Partial<FleetView>) => ask({ idleSeconds: 1000, fleet: fleetOf(['READY'], view) });
    expect(of({ returning: 1 })).toEqual({
      ...{ leave: false, reason: 'of 1 instances 1 are needed, for 1 that nobody can take yet' },
    });
    expect(of({ queued: 2, ageSeconds: 50 }).leave).toBe(false);
    // It was not idle yet when they were seen to wait: it may have done them since.
    const since = ask({
      idleSeconds: lastIdleSeconds,
      fleet: fleetOf(['READY'], { queued: 2, ageSeconds: 179 }),
    });
    expect(since.leave).toBe(true);
    const fleet = fleetOf(['READY', 'READY'], { returning: 1 });
    expect(ask({ idleSeconds: 1000, fleet }).leave).toBe(true);
    expect(ask({ instanceId: 'i-01', idleSeconds: 1000, fleet }).leave).toBe(false);
  });

  it('stays for the backlog that may be left, and for the least that there must be', () => {
    const backlog = (backlogSeconds: number) =>
      ask({ idleSeconds: 1000, fleet: fleetOf(['READY'], { backlogSeconds, ageSeconds: 50 }) }).leave;
    expect(backlog(51)).toBe(false);
    expect(backlog(50)).toBe(true);
    expect(ask({ idleSeconds: 1000, min: 1 })).toMatchObject({
      ...{ leave: false, reason: 'of 1 instances 1 are needed, for there are never fewer' },
    });
  });

  it.each<[string, Partial<LeaveInputs>]>([
    ['nothing is known of the others', { fleet: undefined }],
    ['what is known of the others is old', { fleet: fleetOf(['READY'], { ageSeconds: 181 }) }],
    ['what is known of the others is old', { fleet: fleetOf(['READY'], { ageSeconds: NaN }) }],
    ['the least number of instances is not known', { min: NaN }],
    ['it is not among those that were there when the fleet was last looked at', { instanceId: 'i-9' }],
    ['it is not idle', { idleSeconds: NaN }],
  ])('stays when %s', (reason, inputs) => {
    expect(ask({ idleSeconds: 1000, ...inputs })).toEqual({ leave: false, reason });
  });

  it('needs everybody for a backlog that is not known', () => {
    const fleet = fleetOf(['READY', 'READY'], { backlogSeconds: NaN });
    expect(ask({ idleSeconds: 1000, fleet }).leave).toBe(false);
    expect(ask({ idleSeconds: 1000, fleet: fleetOf(['READY']), targetWaitSeconds: NaN }).leave).toBe(false);
  });
});

const own = fc.record({
  idleSeconds: fc.nat(200),
  recentTasks: fc.nat(20),
  busyShare: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
});

describe('all who are idle by now, asking by the same view', () => {
  it('never leave fewer behind than the least, or than the backlog needs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<FleetMemberState>('BOOTING', 'READY', 'BUSY', 'DRAINING'), {
          maxLength: 12,
        }),
        fc.nat(5),
        fc.double({ min: 0, max: 3000, noNaN: true }),
        fc.array(own, { minLength: 12, maxLength: 12 }),
        (states, min, backlogSeconds, owns) => {
          const fleet = fleetOf(states, { backlogSeconds, ageSeconds: 0 });
          const staying = fleet.members.filter(({ state }) => state !== 'DRAINING');
          const leaving = staying.filter(
            ({ id }, index) => ask({ ...owns[index], instanceId: id, fleet, min }).leave,
          );
          const needed = Math.max(min, Math.ceil(backlogSeconds / TARGET));
          expect(staying.length - leaving.length).toBeGreaterThanOrEqual(Math.min(staying.length, needed));
        },
      ),
    );
  });
});
