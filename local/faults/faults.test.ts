import { describe, expect, it } from 'vitest';
import { createFaults, type Fault } from './faults.ts';

const REFUSED: Fault = { kind: 'refused', status: 503 };

const askTimes = (faults: ReturnType<typeof createFaults>, call: string, times: number): boolean[] =>
  Array.from({ length: times }, () => faults.meet(call) !== undefined);

describe('injected faults', () => {
  it('are none unless a rule says so, and none after it was taken away', () => {
    const faults = createFaults();
    expect(faults.meet('S3.PutObject')).toBeUndefined();
    const takeAway = faults.inject({ calls: ['S3.*'], fault: REFUSED });
    expect(faults.meet('S3.PutObject')).toEqual(REFUSED);
    takeAway();
    expect(faults.meet('S3.PutObject')).toBeUndefined();
    expect(faults.met()).toEqual({ 'refused S3.PutObject': 1 });
  });

  it('meet the calls that they name, one by one or by service', () => {
    const faults = createFaults();
    faults.inject({ calls: ['SQS.SendMessage', 'S3.*'], fault: REFUSED });
    const calls = ['SQS.SendMessage', 'SQS.DeleteMessage', 'S3.GetObject', 'S3x.GetObject'];
    expect(calls.map((call) => faults.meet(call)?.kind)).toEqual([
      'refused',
      undefined,
      'refused',
      undefined,
    ]);
  });

  it('are met so many times and no more, where that was asked for', () => {
    const faults = createFaults();
    faults.inject({ calls: ['S3.*'], fault: REFUSED, times: 2 });
    expect(askTimes(faults, 'S3.PutObject', 4)).toEqual([true, true, false, false]);
  });

  it('meet a share of them by chance', () => {
    const faults = createFaults(7);
    faults.inject({ calls: ['SQS.*'], fault: REFUSED, share: 0.2 });
    const share = askTimes(faults, 'SQS.SendMessage', 2000).filter(Boolean).length / 2000;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
  });

  it('fall on the same calls with the same seed, whatever else is called in between', () => {
    const rule = { calls: ['SQS.*', 'S3.*'], fault: REFUSED, share: 0.3 };
    const first = createFaults(3);
    first.inject(rule);
    const alone = askTimes(first, 'S3.PutObject', 50);
    const second = createFaults(3);
    second.inject(rule);
    const mixed = Array.from({ length: 50 }, () => {
      second.meet('SQS.SendMessage');
      return second.meet('S3.PutObject') !== undefined;
    });
    expect(mixed).toEqual(alone);
    const third = createFaults(4);
    third.inject(rule);
    expect(askTimes(third, 'S3.PutObject', 50)).not.toEqual(alone);
  });
});
