import { runtime, util, type Context, type DynamoDBGetItemRequest } from '@aws-appsync/utils';
import type { QueryTaskArgs } from '../contract/schema.generated.ts';
import type { TaskRow } from '../contract/task.ts';
import { ownerOf } from './lib/owner.ts';
import { isExpired, toTask } from './lib/to-task.ts';

type Ctx = Context<QueryTaskArgs, object, object, object, TaskRow | null>;

/** A UUID's length: anything else names no task, and DynamoDB would not take every key. */
const ID_LENGTH = 36;

export function request(ctx: Ctx): DynamoDBGetItemRequest {
  const { id } = ctx.args;
  if (id.length !== ID_LENGTH) runtime.earlyReturn(null);
  // Clients merge this answer with pushed events by version: it must not be older than what was pushed.
  return { operation: 'GetItem', key: util.dynamodb.toMapValues({ id }), consistentRead: true };
}

export function response(ctx: Ctx): unknown {
  if (ctx.error) util.error('The task could not be read. Try again.', 'INTERNAL');
  const row = ctx.result;
  if (!row || row.owner !== ownerOf(ctx) || isExpired(row)) return null;
  return toTask(row);
}
