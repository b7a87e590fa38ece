import { util, type Context } from '@aws-appsync/utils';
import { TASKS_PAGE } from '../contract/limits.ts';
import type { QueryTasksArgs } from '../contract/schema.generated.ts';

/* The index knows whose tasks there are, the table knows what they are: list, then get. */

export function request(ctx: Context<QueryTasksArgs>): object {
  const limit = ctx.args.limit ?? TASKS_PAGE.default;
  if (limit < 1 || limit > TASKS_PAGE.max) {
    util.error(`must be within 1 and ${TASKS_PAGE.max}`, 'VALIDATION', null, { field: 'limit' });
  }
  return {};
}

export function response(ctx: Context<QueryTasksArgs>): unknown {
  return ctx.prev.result;
}
