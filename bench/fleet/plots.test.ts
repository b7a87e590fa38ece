import { describe, expect, it } from 'vitest';
import { frontierSvg, timelineSvg } from './plots.ts';
import type { TraceReport } from './report.ts';
import { createRunner } from './run.ts';
import { createTraces } from './traces.ts';

const traces = createTraces({ seed: 1, hours: 24 }).filter(({ name }) => name === 'dead-nights-4');
const runPolicy = createRunner({ targetWaitSeconds: 300, min: 0, pricePerHour: 1 });

describe('the plots', () => {
  const runs = traces.flatMap((trace) => [runPolicy(trace, 'ours'), runPolicy(trace, 'step-scaling')]);
  const report: TraceReport = {
    ...{ trace: 'R&D <own>', half: 'test', tasks: 1, workHours: 9, bootSeconds: 200 },
    results: runs.map(({ result }) => result),
    bound: { atP95: 9.3, atAll: 11 },
  };

  it('have a dot for each policy and the bound, and no number that is none', () => {
    const svg = frontierSvg([report]);
    // Three in the legend.
    expect(svg.match(/<circle/g)).toHaveLength(6);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('take names from anywhere, and stay small for a whole day', () => {
    const days = new Map(runs.map(({ result, timeline }) => [result.policy, timeline]));
    const svg = timelineSvg('R&D <own>', days);
    expect(svg).toContain('R&amp;D &lt;own>');
    expect(svg).not.toMatch(/NaN|Infinity|undefined|<own/);
    expect(svg.length).toBeLessThan(60_000);
  });
});
