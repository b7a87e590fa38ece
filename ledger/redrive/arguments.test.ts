import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

const NOW = Date.UTC(2026, 0, 2);
const parse = (...args: string[]) => parseArguments(args, NOW);

describe('the arguments of redrive', () => {
  it('choose by code and by time, ago or as an instant', () => {
    const { options } = parse(
      ...['--code', 'OUT_OF_MEMORY', '--code', 'GPU_LOST', '--since', '2h', '--limit', '5'],
      ...['--until', '2026-01-01T23:00:00Z'],
    );
    expect(options).toEqual({
      codes: ['OUT_OF_MEMORY', 'GPU_LOST'],
      since: NOW - 7_200_000,
      until: NOW - 3_600_000,
      limit: 5,
      dryRun: false,
    });
  });

  it('may all be left out', () => {
    expect(parse()).toEqual({ options: { dryRun: false }, json: false, help: false });
    expect(parse('--dry-run', '--json', '--help')).toEqual({
      ...{ options: { dryRun: true }, json: true, help: true },
    });
  });

  it.each([
    [['--code', 'OOM'], /OOM is none of INVALID_REQUEST/],
    [['--since', 'yesterday'], /yesterday is neither/],
    [['--limit', '0'], /not a whole number from 1/],
    [['--all'], /--all/],
  ])('are refused where they can’t be meant: %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
