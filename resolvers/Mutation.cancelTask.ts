import type { Context, LambdaRequest } from '@aws-appsync/utils';
import type { MutationCancelTaskArgs } from '../contract/schema.generated.ts';
import { toAnswer } from './lib/handler-answer.ts';
import { ownerOf } from './lib/owner.ts';

export function request(ctx: Context<MutationCancelTaskArgs>): LambdaRequest {
  return { operation: 'Invoke', payload: { field: 'cancelTask', owner: ownerOf(ctx), id: ctx.args.id } };
}

export function response(ctx: Context<MutationCancelTaskArgs>): unknown {
  return toAnswer(ctx);
}
