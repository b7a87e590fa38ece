import { expect, it } from 'vitest';
import { toSpan } from './span.ts';

it.each([
  [0.4, '0 s'],
  [40.2, '40 s'],
  [119, '119 s'],
  [120, '2 min'],
  [3 * 60 * 60, '3 h'],
])('%s seconds are told as %s', (seconds, text) => {
  expect(toSpan(seconds)).toBe(text);
});
