import { expect, it } from 'vitest';
import { runChaos } from './chaos/run.ts';
import { toText } from './chaos/report.ts';
import { WEATHER_KINDS } from './chaos/weather.ts';

/* A small run of `npm run chaos`, with every kind of fault. The seed is one whose first calls meet the rare ones. */

it('keeps every promise while everything fails that can', { timeout: 120_000 }, async () => {
  const report = await runChaos({
    ...{ tasks: 20, instances: 2, seed: 64, shareEnded: 0, chaosMs: 30_000 },
    // A lost lease must lapse, which takes half a minute: what can be hastened is.
    ...{ tickMs: 1000, waitForHidden: false, patienceMs: 90_000 },
  });
  expect(report.details, toText(report)).toEqual([]);
  expect(report.tasks).toBe(20);
  expect(Object.keys(report.faults).sort()).toEqual([...WEATHER_KINDS].sort());
});
