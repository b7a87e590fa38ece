import { parseArgs } from 'node:util';
import { FAILURE_CODES } from '../../contract/errors.ts';
import type { RedriveOptions } from '../redrive.ts';

export const HELP = `Submits failed tasks once more, each for its owner, as new tasks with retryOf. Running it twice submits nothing twice.

  npm run redrive -- [options]

  --code CODE   only those that failed so, e.g. OUT_OF_MEMORY; may be repeated
  --since WHEN  only those that ended since then: 30m, 2h, 7d ago, or an instant such as 2026-01-31T12:00:00Z
  --until WHEN  only those that ended before then
  --limit N     submits at most so many, the oldest first
  --dry-run     submits nothing, and prints what would be
  --json        prints JSON instead of a table
  --help

Reads AWS_REGION, TASKS_TABLE, POOLS, REQUESTS_BUCKET and GRAPHQL_URL from the environment, and AWS credentials from
where AWS SDKs look for them. For a local stack all of them stand in the line that npm start prints.
`;

export interface Arguments {
  readonly options: RedriveOptions;
  readonly json: boolean;
  readonly help: boolean;
}

/** Throws, saying what is wrong, for what can't be meant. */
export const parseArguments = (args: readonly string[], now: number): Arguments => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      code: { type: 'string', multiple: true },
      since: { type: 'string' },
      until: { type: 'string' },
      limit: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { code: codes, since, until, limit } = values;
  for (const code of codes ?? []) {
    if (!Object.hasOwn(FAILURE_CODES, code))
      throw new Error(`--code ${code} is none of ${Object.keys(FAILURE_CODES).join(', ')}`);
  }
  if (limit !== undefined && !/^[1-9]\d*$/.test(limit))
    throw new Error(`--limit ${limit} is not a whole number from 1`);
  return {
    options: {
      ...(codes && { codes }),
      ...(since !== undefined && { since: toInstant('since', since, now) }),
      ...(until !== undefined && { until: toInstant('until', until, now) }),
      ...(limit !== undefined && { limit: Number(limit) }),
      dryRun: values['dry-run'],
    },
    json: values.json,
    help: values.help,
  };
};

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const toInstant = (name: string, given: string, now: number): number => {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(given) ?? [];
  const unitMs = UNIT_MS[unit];
  const instant = unitMs === undefined ? Date.parse(given) : now - Number(count) * unitMs;
  if (Number.isNaN(instant))
    throw new Error(`--${name} ${given} is neither a time ago, such as 2h, nor an instant`);
  return instant;
};
