import { util, type Context, type DynamoDBGetItemRequest } from '@aws-appsync/utils';
import {
  DEFAULT_POOL,
  SUMMARY_ID,
  type FleetMemberRecord,
  type FleetMemberState,
  type FleetSummary,
} from '../contract/fleet.ts';
import type { QueryQueueArgs } from '../contract/schema.generated.ts';

type Ctx = Context<QueryQueueArgs, object, object, object, FleetSummary | null>;

export function request(ctx: Ctx): DynamoDBGetItemRequest {
  const pool = ctx.args.pool ? ctx.args.pool : DEFAULT_POOL;
  return { operation: 'GetItem', key: util.dynamodb.toMapValues({ pool, id: SUMMARY_ID }) };
}

export function response(ctx: Ctx): unknown {
  if (ctx.error) util.error('The queue could not be read. Try again.', 'INTERNAL');
  const summary = ctx.result;
  if (!summary) return null;
  const now = util.time.nowEpochMilliSeconds();
  const { decision } = summary;
  return {
    pool: summary.pool,
    asOf: util.time.epochMilliSecondsToISO8601(summary.at),
    ageSeconds: util.math.maxVal(0, now - summary.at) / 1000,
    queued: decision.numbers.queued,
    running: decision.numbers.inFlight,
    returning: decision.numbers.returning,
    oldestSeconds: summary.oldestAt ? util.math.maxVal(0, now - summary.oldestAt) / 1000 : null,
    gpuSeconds: summary.backlogSeconds,
    newTaskStartsInSeconds: summary.newStartsInSeconds ?? null,
    targetWaitSeconds: summary.targetWaitSeconds,
    idleSeconds: summary.idleSeconds ?? null,
    instances: {
      desired: decision.desired,
      min: summary.min,
      max: summary.max,
      booting: count(summary, 'BOOTING'),
      ready: count(summary, 'READY'),
      busy: count(summary, 'BUSY'),
      draining: count(summary, 'DRAINING'),
    },
    // Nobody who thinks of leaving is to count on one that may never be ready.
    members: (summary.members as FleetMemberRecord[])
      .filter((member) => !member.isOverdue)
      .map(({ id, state }) => ({ id, state })),
  };
}

const count = (summary: FleetSummary, state: FleetMemberState): number =>
  (summary.members as FleetMemberRecord[]).filter((member) => member.state === state).length;
