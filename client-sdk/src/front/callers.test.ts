import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createPerCaller, toCaller } from './callers.ts';

const callerOf = (headers: IncomingMessage['headers']): string =>
  toCaller({ headers, socket: { remoteAddress: '127.0.0.1' } as IncomingMessage['socket'] });

const basic = (text: string): IncomingMessage['headers'] => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

describe('a caller', () => {
  it('is known by user name, whatever the password and the program', () => {
    expect(callerOf(basic('ann:a'))).toBe('user:ann');
    expect(callerOf({ ...basic('ann:b:c'), 'user-agent': 'x' })).toBe('user:ann');
    expect(callerOf(basic('bob'))).toBe('user:bob');
  });

  it('is known by address and program where there is no user', () => {
    const krita = callerOf({ 'user-agent': 'krita' });
    expect(krita).not.toBe(callerOf({ 'user-agent': 'photoshop' }));
    expect(krita).toBe(callerOf({ 'user-agent': 'krita', authorization: 'Bearer abc' }));
    expect(krita).toBe(callerOf({ 'user-agent': 'krita', ...basic(':only a password') }));
  });
});

describe('what is kept per caller', () => {
  it('is made once, and forgotten for the one who was silent for longest', () => {
    let made = 0;
    const stateOf = createPerCaller(() => (made += 1));
    expect([stateOf('a'), stateOf('b'), stateOf('a')]).toEqual([1, 2, 1]);
    for (let caller = 0; caller < 999; caller += 1) stateOf(`c${caller}`);
    expect(stateOf('a')).toBe(1);
    expect(stateOf('b')).toBe(made);
    expect(made).toBe(1002);
  });
});
