import { describe, expect, it } from 'vitest';
import { describeRatios, describeSummary, describeTrace, summarize, type TraceReport } from './report.ts';
import type { Result } from './run.ts';

const result = (policy: Result['policy'], gpuHours: number, p95: number): Result => ({
  ...{ trace: 'burst-3', policy, min: 0, p50: 1, p95, p99: 3, longest: 4, gpuHours, cost: gpuHours },
  ...{ launches: 5, most: 6, restartedBySpot: 0, restartedByScaleIn: 7 },
});

const reportOf = (ours: number, step: number, bound: number): TraceReport => ({
  ...{ trace: 'burst-3', half: 'test', tasks: 9, workHours: 1, bootSeconds: 100 },
  results: [result('ours', ours, 100), result('step-scaling', step, 90)],
  bound: { atP95: bound, atAll: 2 * bound },
  oursAsFast: { ...result('ours', 2 * ours, 90), targetWaitSeconds: 60 },
});

describe('the report', () => {
  const reports = [reportOf(11, 20, 10), reportOf(12, 40, 10), reportOf(30, 40, 10)];

  it('sums up: medians and worst of ratios, hours of all traces together', () => {
    const summary = summarize(reports);
    expect(summary.toBound?.median).toBeCloseTo(1.2);
    expect(summary.toBound?.worst).toBeCloseTo(3);
    expect(summary.toBoundAtAll?.worst).toBeCloseTo(1.5);
    expect(summary.toStepScaling).toBeCloseTo(0.53);
    expect(summary.fasterThanStepScaling).toBe(0);
    expect(summary.asFastToStepScaling).toMatchObject({ traces: 3 });
    expect(summary.asFastToStepScaling?.median).toBeCloseTo(1.1);
    // Of an even number the middle of both.
    expect(summarize(reports.slice(0, 2)).toBound?.median).toBeCloseTo(1.15);
  });

  it('says it in lines', () => {
    expect(describeSummary(summarize(reports))).toContain('to the bound at its p95: median 1.20, worst 3.00');
    expect(describeRatios(reports).split('\n')).toHaveLength(4);
    expect(describeTrace(reportOf(11, 20, 10))).toMatch(/ours, target 60 s .* 22\.0/);
  });

  it('leaves out what was not asked for', () => {
    const [first] = reports;
    const alone = first ? { ...first, results: first.results.slice(0, 1) } : undefined;
    const { bound: _bound, oursAsFast: _oursAsFast, ...rest } = alone ?? reportOf(1, 1, 1);
    expect(summarize([rest])).toEqual({ traces: 1 });
  });
});
