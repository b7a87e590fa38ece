import { expect, it } from 'vitest';
import { createMetrics } from '../ledger/metrics.ts';
import { createLineFormat } from './line-format.ts';

const format = createLineFormat();

it('shows a log line as text, and any other line as it is', () => {
  const line =
    '{"level":30,"time":"2026-11-25T18:30:35.251Z","workerId":"i-1","code":"X","msg":"worker ready"}';
  expect(format('i-1 worker', line)).toMatch(
    /^i-1 worker {2}\[[\d:.]+\] INFO: worker ready \{"code":"X"\}\n$/,
  );
  expect(format('i-1 sd-webui', 'Loading weights')).toBe('i-1 sd-webui  Loading weights\n');
});

it('shows no metrics', () => {
  const write = (line: string): void => expect(format('i-1 worker', line.trimEnd())).toBe('');
  createMetrics({ workerId: 'i-1', write, wallClock: Date.now }).record({ TaskSucceeded: 1 });
  expect.assertions(1);
});
