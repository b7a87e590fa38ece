import { parseArgs } from 'node:util';
import { TARGET_WAIT_SECONDS } from '../../contract/fleet.ts';
import { PATTERNS } from './traces.ts';

export const POLICY_NAMES = [
  'ours',
  'step-scaling',
  'target-tracking',
  'queue-length',
  'always-on',
  'bound',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

export const HELP = `Plays a day of arrivals against scaling policies, in virtual time, and prints how long tasks waited and what the GPUs cost. The same
for the same options.

  npm run simulate:fleet -- [options]

  --trace NAME     ${PATTERNS.join(', ')}, one of their variants such as burst-3, or a half: train
                   (variants 1 and 2, by which parameters may be chosen) or test (3 and 4); may be repeated; test unless told
  --policy NAME    ${POLICY_NAMES.join(', ')}; may be repeated; all unless told
                   (the bound is for the waits of ours)
  --csv FILE       arrivals of your own instead: a header with "at" (seconds, or instants such as 2026-01-31T12:00:00Z) and
                   "megapixelSteps" and, where it is known, "gpuSeconds" of each
  --target N       the wait that is aimed at, seconds; ${TARGET_WAIT_SECONDS} unless told
  --min N          instances that are always there, of ours, queue-length and target-tracking; 0 unless told
  --max N          20 unless told
  --boot N         seconds from launch to ready; the trace's own unless told
  --price N        of an instance and hour; 1.006 unless told, see below
  --hours N        length of the traces; 24 unless told
  --seed N         other traces of the same kind; 1 unless told
  --as-fast        looks, besides, for the target that makes ours as fast as step scaling, and compares what that costs
  --svg FOLDER     writes frontier.svg (cost and p95 of each policy) and timeline.svg (the first trace) there
  --reasons        prints every decision of ours that launched something
  --json           prints JSON instead of tables
  --help

The price is that of a g5.xlarge in us-east-1, Linux, on demand, as listed in June 2026: look up today's for your region. Spot instances
cost less, by how much changes from hour to hour; volumes, traffic and the services in front of the GPUs are not counted.
`;

export interface Arguments {
  readonly traces: readonly string[];
  readonly policies: readonly PolicyName[];
  readonly csv?: string;
  readonly targetWaitSeconds: number;
  readonly min: number;
  readonly max: number;
  readonly bootSeconds?: number;
  readonly pricePerHour: number;
  readonly hours: number;
  readonly seed: number;
  readonly svg?: string;
  readonly asFast: boolean;
  readonly reasons: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

const isPolicy = (name: string): name is PolicyName => POLICY_NAMES.some((known) => known === name);

/** Throws, saying what is wrong, for what can't be meant. */
export const parseArguments = (args: readonly string[]): Arguments => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trace: { type: 'string', multiple: true },
      policy: { type: 'string', multiple: true },
      csv: { type: 'string' },
      target: { type: 'string', default: String(TARGET_WAIT_SECONDS) },
      min: { type: 'string', default: '0' },
      max: { type: 'string', default: '20' },
      boot: { type: 'string' },
      price: { type: 'string', default: '1.006' },
      hours: { type: 'string', default: '24' },
      seed: { type: 'string', default: '1' },
      svg: { type: 'string' },
      'as-fast': { type: 'boolean', default: false },
      reasons: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { csv, svg, boot, policy = [...POLICY_NAMES] } = values;
  const policies = policy.map((name) => {
    if (!isPolicy(name)) throw new Error(`--policy ${name} is none of ${POLICY_NAMES.join(', ')}`);
    return name;
  });
  const [min, max] = [
    toNumber('min', values.min, { whole: true }),
    toNumber('max', values.max, { whole: true }),
  ];
  if (min > max) throw new Error(`--min ${min} is above --max ${max}`);
  return {
    traces: values.trace ?? ['test'],
    policies,
    ...(csv !== undefined && { csv }),
    targetWaitSeconds: toNumber('target', values.target, { above: 0 }),
    min,
    max,
    ...(boot !== undefined && { bootSeconds: toNumber('boot', boot, { above: 0 }) }),
    pricePerHour: toNumber('price', values.price, { above: 0 }),
    hours: toNumber('hours', values.hours, { above: 0 }),
    seed: toNumber('seed', values.seed, { whole: true }),
    ...(svg !== undefined && { svg }),
    asFast: values['as-fast'],
    reasons: values.reasons,
    json: values.json,
    help: values.help,
  };
};

const toNumber = (
  name: string,
  given: string,
  { whole = false, above = -1 }: { readonly whole?: boolean; readonly above?: number },
): number => {
  const number = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(number) || number <= above || number < 0)
    throw new Error(`--${name} ${given} is not a number ${above >= 0 ? `above ${above}` : 'from 0'}`);
  if (whole && !Number.isInteger(number)) throw new Error(`--${name} ${given} is not a whole number`);
  return number;
};
