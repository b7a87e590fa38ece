import { describe, expect, it } from 'vitest';
import { HELP, parseArguments, POLICY_NAMES } from './arguments.ts';

describe('the arguments of the fleet’s simulator', () => {
  it('may all be left out: the half that judges, and every policy', () => {
    expect(parseArguments([])).toMatchObject({ traces: ['test'], policies: POLICY_NAMES, min: 0, seed: 1 });
  });

  it('choose traces, policies and numbers', () => {
    const args = [
      '--trace',
      'burst-3',
      '--policy',
      'ours',
      '--target',
      '90',
      '--boot',
      '200',
      '--csv',
      'own.csv',
    ];
    expect(parseArguments(args)).toMatchObject({
      ...{ traces: ['burst-3'], policies: ['ours'], targetWaitSeconds: 90, bootSeconds: 200, csv: 'own.csv' },
    });
  });

  it.each([
    [['--policy', 'best'], /best is none of ours, step-scaling/],
    [['--target', '0'], /--target 0 is not a number above 0/],
    [['--max', '1.5'], /--max 1.5 is not a whole number/],
    [['--price', ''], /--price {2}is not a number/],
    [['--min', '5', '--max', '4'], /--min 5 is above --max 4/],
    [['--all'], /--all/],
  ])('are refused where they can’t be meant: %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });

  it('are all in the help', () => {
    for (const name of Object.keys(parseArguments([]))) {
      const option = {
        traces: 'trace',
        policies: 'policy',
        targetWaitSeconds: 'target',
        pricePerHour: 'price',
        asFast: 'as-fast',
      }[name];
      expect(HELP).toContain(`--${option ?? name}`);
    }
  });
});
