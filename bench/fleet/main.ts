import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FleetDecision } from '../../contract/fleet.ts';
import { HELP, parseArguments, type Arguments } from './arguments.ts';
import { parseArrivals } from './csv.ts';
import { describeRatios, describeSummary, describeTrace, summarize, type TraceReport } from './report.ts';
import { boundOf, createRunner, runOursAsFast } from './run.ts';
import { frontierSvg, timelineSvg } from './plots.ts';
import type { Trace } from './trace.ts';
import { createTraces } from './traces.ts';
import type { Moment } from './world.ts';

/* The entry: `npm run simulate:fleet`. Exits with 2 when it was not understood. */

/** In the order in which they were asked for, each once. */
const chooseTraces = (given: Arguments): readonly Trace[] => {
  const { csv, seed, hours, bootSeconds, max } = given;
  const all = csv === undefined ? createTraces({ seed, hours }) : [ownTrace(csv)];
  const chosen = new Set(
    csv !== undefined
      ? all
      : given.traces.flatMap((wanted) => {
          const found = all.filter(({ name, half }) => [name, patternOf(name), half].includes(wanted));
          if (found.length > 0) return found;
          throw new Error(`--trace ${wanted} is none of ${all.map(({ name }) => name).join(', ')}`);
        }),
  );
  return [...chosen].map((trace) => ({ ...trace, max, bootSeconds: bootSeconds ?? trace.bootSeconds }));
};

const patternOf = (name: string): string => name.replace(/-\d+$/, '');

const ownTrace = (file: string): Trace => {
  const arrivals = parseArrivals(readFileSync(file, 'utf8'));
  return {
    ...{ name: file, half: 'test', arrivals, bootSeconds: 150, interruptions: [], max: 20 },
    seconds: (arrivals.at(-1)?.at ?? 0) + 1,
  };
};

const run = (given: Arguments): void => {
  const { policies, pricePerHour, targetWaitSeconds, min } = given;
  const say = (text: string): void => {
    if (!given.json) process.stdout.write(`${text}\n`);
  };
  const onDecision = (at: number, { cause, reason }: FleetDecision): void => {
    if (cause !== 'enough') say(`${(at / 3600).toFixed(2)} h  ${reason}`);
  };
  const runPolicy = createRunner({
    ...{ targetWaitSeconds, min, pricePerHour },
    ...(given.reasons && { onDecision }),
  });
  let firstDay: ReadonlyMap<string, readonly Moment[]> | undefined;
  const reports = chooseTraces(given).map((trace): TraceReport => {
    const runs = policies.flatMap((policy) => (policy === 'bound' ? [] : [runPolicy(trace, policy)]));
    firstDay ??= new Map(runs.map(({ result, timeline }) => [result.policy, timeline]));
    const results = runs.map(({ result }) => result);
    const ours = results.find(({ policy }) => policy === 'ours');
    const step = results.find(({ policy }) => policy === 'step-scaling');
    const asFast =
      given.asFast && step && runOursAsFast(trace, step.p95, { targetWaitSeconds, min, pricePerHour });
    const report: TraceReport = {
      ...{
        trace: trace.name,
        half: trace.half,
        tasks: trace.arrivals.length,
        bootSeconds: trace.bootSeconds,
      },
      workHours: trace.arrivals.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0) / 3600,
      results,
      ...(ours && policies.includes('bound') && { bound: boundOf(trace, ours) }),
      ...(asFast && { oursAsFast: asFast }),
    };
    say(describeTrace(report));
    return report;
  });
  const summary = summarize(reports);
  if (reports.length > 1 && policies.includes('ours'))
    say(`${describeRatios(reports)}\n\n${describeSummary(summary)}`);
  if (given.json) process.stdout.write(`${JSON.stringify({ seed: given.seed, reports, summary })}\n`);
  if (given.svg !== undefined) {
    mkdirSync(given.svg, { recursive: true });
    writeFileSync(join(given.svg, 'frontier.svg'), frontierSvg(reports));
    writeFileSync(
      join(given.svg, 'timeline.svg'),
      timelineSvg(reports[0]?.trace ?? '', firstDay ?? new Map()),
    );
  }
};

try {
  const given = parseArguments(process.argv.slice(2));
  if (given.help) process.stdout.write(HELP);
  else run(given);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}. See --help.\n`);
  process.exitCode = 2;
}
