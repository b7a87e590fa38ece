import { util, type Context, type LambdaRequest } from '@aws-appsync/utils';
import type { MutationRetryTaskArgs } from '../contract/schema.generated.ts';
import { toAnswer } from './lib/handler-answer.ts';
import { ownerOf } from './lib/owner.ts';

export function request(ctx: Context<MutationRetryTaskArgs>): LambdaRequest {
  return {
    operation: 'Invoke',
    payload: {
      field: 'retryTask',
      owner: ownerOf(ctx),
      id: ctx.args.id,
      newId: ctx.args.newId ?? null,
      now: util.time.nowEpochMilliSeconds(),
    },
  };
}

export function response(ctx: Context<MutationRetryTaskArgs>): unknown {
  return toAnswer(ctx);
}
