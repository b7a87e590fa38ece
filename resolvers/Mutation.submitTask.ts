import { util, type Context, type LambdaRequest } from '@aws-appsync/utils';
import type { MutationSubmitTaskArgs } from '../contract/schema.generated.ts';
import { toAnswer } from './lib/handler-answer.ts';
import { ownerOf } from './lib/owner.ts';

export function request(ctx: Context<MutationSubmitTaskArgs>): LambdaRequest {
  return {
    operation: 'Invoke',
    payload: {
      field: 'submitTask',
      owner: ownerOf(ctx),
      input: ctx.args.input,
      // Rows know one clock only.
      now: util.time.nowEpochMilliSeconds(),
    },
  };
}

export function response(ctx: Context<MutationSubmitTaskArgs>): unknown {
  return toAnswer(ctx);
}
