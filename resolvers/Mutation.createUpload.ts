import { util, type Context, type LambdaRequest } from '@aws-appsync/utils';
import type { MutationCreateUploadArgs } from '../contract/schema.generated.ts';
import { toAnswer } from './lib/handler-answer.ts';
import { ownerOf } from './lib/owner.ts';

export function request(ctx: Context<MutationCreateUploadArgs>): LambdaRequest {
  return {
    operation: 'Invoke',
    payload: {
      field: 'createUpload',
      owner: ownerOf(ctx),
      input: ctx.args.input,
      now: util.time.nowEpochMilliSeconds(),
    },
  };
}

export function response(ctx: Context<MutationCreateUploadArgs>): unknown {
  return toAnswer(ctx);
}
