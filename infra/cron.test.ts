import { describe, expect, it } from 'vitest';
import { isCron } from './cron.ts';

describe('isCron', () => {
  it.each(['0 8 * * *', '*/15 8-18 * * MON-FRI', '30 6 1,15 JAN,jul 0', '0 0 1 1-12/3 7'])(
    'knows %s',
    (text) => expect(isCron(text)).toBe(true),
  );

  it.each([
    ['', 'nothing'],
    ['0 8 * *', 'a field too few'],
    ['0 8 * * ? *', 'EventBridge’s'],
    ['rate(1 day)', 'a rate'],
    ['60 8 * * *', 'a minute that there is not'],
    ['0 24 * * *', 'an hour that there is not'],
    ['0 8 0 * *', 'a day that there is not'],
    ['0 8 * * FRI-MON', 'a range that runs backwards'],
    ['0 8 * * 1-2-3', 'a range of three'],
    ['*/0 8 * * *', 'a step of nothing'],
    ['0 8 MON * *', 'a name in the wrong place'],
    ['0, 8 * * *', 'half a list'],
  ])('refuses "%s": %s', (text) => expect(isCron(text)).toBe(false));
});
