import { runtime, util, type Context, type DynamoDBGetItemRequest } from '@aws-appsync/utils';
import { FLEET_STALE_SECONDS, SUMMARY_ID, type FleetSummary, type QueueMark } from '../contract/fleet.ts';

/** What `toTask` leaves of a row that waits. */
interface Waiting {
  readonly pool: string;
  readonly createdAt: number;
  readonly megapixelSteps: number;
}

type Ctx = Context<object, object, object, object, FleetSummary | null>;

/** One read of one small item, and for a task that does not wait, none. */
export function request(ctx: Ctx): DynamoDBGetItemRequest {
  const waiting = waitingOf(ctx);
  if (!waiting) runtime.earlyReturn(null);
  const key = { pool: (waiting as Waiting).pool, id: SUMMARY_ID };
  return { operation: 'GetItem', key: util.dynamodb.toMapValues(key) };
}

/** An estimate that can't be made is none: the task is what was asked for. */
export function response(ctx: Ctx): unknown {
  const waiting = waitingOf(ctx);
  const summary = ctx.result;
  if (ctx.error || !waiting || !summary) return null;
  const now = util.time.nowEpochMilliSeconds();
  if (now - summary.at > FLEET_STALE_SECONDS * 1000) return null;
  const { position, startsInSeconds } = placeOf(summary, waiting);
  if (startsInSeconds < 0) return { queuePosition: position, startsAt: null, eta: null };
  const startsAt = util.math.maxVal(now, summary.at + startsInSeconds * 1000);
  const taskMs = util.math.roundNum((waiting.megapixelSteps * 1000) / summary.megapixelStepsPerSecond);
  return {
    queuePosition: position,
    startsAt: util.time.epochMilliSecondsToISO8601(startsAt),
    eta: util.time.epochMilliSecondsToISO8601(startsAt + taskMs),
  };
}

const waitingOf = (ctx: Ctx): Waiting | null => (ctx.source as { estimate: Waiting | null }).estimate;

/** Behind whoever came before it, as far as that was told; negative: nobody will come. */
const placeOf = (
  summary: FleetSummary,
  { createdAt }: Waiting,
): { position: number; startsInSeconds: number } => {
  const last = {
    position: summary.decision.numbers.queued + 1,
    startsInSeconds: summary.newStartsInSeconds ?? -1,
  };
  if (createdAt > summary.at) return last;
  const before = (summary.marks as QueueMark[]).filter((mark) => mark.createdAt <= createdAt);
  const mark = before[before.length - 1];
  if (!mark) return { ...last, position: 1 };
  return { position: mark.position, startsInSeconds: mark.startsInSeconds ?? -1 };
};
