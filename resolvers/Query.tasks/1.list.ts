import { util, type Context, type DynamoDBQueryRequest } from '@aws-appsync/utils';
import { TASKS_PAGE } from '../../contract/limits.ts';
import type { QueryTasksArgs } from '../../contract/schema.generated.ts';
import { TASKS_TABLE } from '../../contract/task.ts';
import { ownerOf } from '../lib/owner.ts';

export function request(ctx: Context<QueryTasksArgs>): DynamoDBQueryRequest {
  const { status, limit, nextToken } = ctx.args;
  return {
    operation: 'Query',
    index: TASKS_TABLE.byOwner.indexName,
    query: {
      expression: '#owner = :owner',
      expressionNames: { '#owner': TASKS_TABLE.byOwner.partitionKey },
      expressionValues: util.dynamodb.toMapValues({ ':owner': ownerOf(ctx) }),
    },
    filter: status
      ? {
          expression: '#status = :status',
          expressionNames: { '#status': 'status' },
          expressionValues: util.dynamodb.toMapValues({ ':status': status }),
        }
      : undefined,
    scanIndexForward: false,
    limit: limit ?? TASKS_PAGE.default,
    nextToken: nextToken ?? undefined,
  };
}

export function response(ctx: Context<QueryTasksArgs>): unknown {
  if (!ctx.error) return ctx.result;
  if (ctx.args.nextToken && ctx.error.message.indexOf('token') >= 0) {
    util.error('is not what the last page answered', 'VALIDATION', null, { field: 'nextToken' });
  }
  return util.error('The list could not be read. Try again.', 'INTERNAL');
}
