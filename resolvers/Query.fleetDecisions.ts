import { util, type Context, type DynamoDBQueryRequest } from '@aws-appsync/utils';
import { DEFAULT_POOL, DECISION_PREFIX, type FleetDecisionRecord } from '../contract/fleet.ts';
import { TASKS_PAGE } from '../contract/limits.ts';
import type { QueryFleetDecisionsArgs } from '../contract/schema.generated.ts';

interface Page {
  readonly items: FleetDecisionRecord[];
  readonly nextToken?: string | null;
}

type Ctx = Context<QueryFleetDecisionsArgs, object, object, object, Page>;

export function request(ctx: Ctx): DynamoDBQueryRequest {
  const { limit, nextToken } = ctx.args;
  const count = limit ?? TASKS_PAGE.default;
  if (count < 1 || count > TASKS_PAGE.max) {
    util.error(`must be within 1 and ${TASKS_PAGE.max}`, 'VALIDATION', null, { field: 'limit' });
  }
  return {
    operation: 'Query',
    query: {
      expression: '#pool = :pool AND begins_with(#id, :prefix)',
      expressionNames: { '#pool': 'pool', '#id': 'id' },
      expressionValues: util.dynamodb.toMapValues({
        ':pool': ctx.args.pool ? ctx.args.pool : DEFAULT_POOL,
        ':prefix': DECISION_PREFIX,
      }),
    },
    scanIndexForward: false,
    limit: count,
    nextToken: nextToken ?? undefined,
  };
}

export function response(ctx: Ctx): unknown {
  if (!ctx.error) {
    return {
      items: ctx.result.items.map((record) => toDecision(record)),
      nextToken: ctx.result.nextToken ?? null,
    };
  }
  if (ctx.args.nextToken && ctx.error.message.indexOf('token') >= 0) {
    util.error('is not what the last page answered', 'VALIDATION', null, { field: 'nextToken' });
  }
  return util.error('The decisions could not be read. Try again.', 'INTERNAL');
}

const toDecision = (record: FleetDecisionRecord): unknown => ({
  pool: record.pool,
  at: util.time.epochMilliSecondsToISO8601(record.at),
  desired: record.desired,
  running: record.numbers.running,
  cause: record.cause,
  reason: record.reason,
  notes: record.notes,
  numbers: record.numbers,
});
