import { runtime, util, type Context, type DynamoDBBatchGetItemRequest } from '@aws-appsync/utils';
import type { QueryTasksArgs } from '../../contract/schema.generated.ts';
import type { TaskRow } from '../../contract/task.ts';
import { isExpired, toTask } from '../lib/to-task.ts';

interface Page {
  readonly items: { readonly id: string }[];
  readonly nextToken?: string | null;
}

export function request(ctx: Context<QueryTasksArgs>): DynamoDBBatchGetItemRequest {
  const page = ctx.prev.result as Page;
  if (page.items.length === 0) runtime.earlyReturn({ items: [], nextToken: page.nextToken ?? null });
  return {
    operation: 'BatchGetItem',
    tables: {
      [ctx.env.TASKS_TABLE as string]: {
        keys: page.items.map((item) => util.dynamodb.toMapValues({ id: item.id })),
        consistentRead: true,
      },
    },
  };
}

export function response(ctx: Context<QueryTasksArgs>): unknown {
  const table = ctx.env.TASKS_TABLE as string;
  const unread = ctx.error ? 1 : (ctx.result.unprocessedKeys[table] ?? []).length;
  if (unread > 0) util.error('Not every task could be read. Try again.', 'INTERNAL');
  const rows = ctx.result.data[table] as (TaskRow | null)[];
  const { status } = ctx.args;
  // The index can lag behind the table: a row may be gone, or in another state by now.
  const items = rows.filter((row) => row && !isExpired(row) && (!status || row.status === status));
  return {
    items: items.map((row) => toTask(row as TaskRow)),
    nextToken: (ctx.prev.result as Page).nextToken ?? null,
  };
}
