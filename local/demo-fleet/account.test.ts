import { describe, expect, it } from 'vitest';
import type { GroupDescription } from '../instances/auto-scaling-group.ts';
import { createAccount } from './account.ts';

const groupOf = (...ids: string[]) =>
  ({ members: ids.map((instanceId) => ({ instanceId })) }) as unknown as GroupDescription;

describe('what a fleet costs', () => {
  it('is counted by the second from launch to end, and never less than a minute', () => {
    const account = createAccount();
    account.observe(groupOf(), 0);
    expect(account.instanceSeconds(0)).toBe(0);
    account.observe(groupOf('a', 'b'), 1000);
    account.observe(groupOf('a'), 11_000);
    account.observe(groupOf('a'), 201_000);
    expect(account.instanceSeconds(201_000)).toBe(200 + 60);
    account.observe(groupOf(), 301_000);
    expect(account.instanceSeconds(999_000)).toBe(300 + 60);
    expect([account.launches(), account.most()]).toEqual([2, 2]);
  });
});
