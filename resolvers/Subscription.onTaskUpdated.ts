import { extensions, util, type Context, type NONERequest } from '@aws-appsync/utils';
import type { SubscriptionOnTaskUpdatedArgs } from '../contract/schema.generated.ts';
import { ownerOf } from './lib/owner.ts';

export function request(): NONERequest {
  return { payload: null };
}

/** Reads nothing: somebody else's id is accepted and stays silent, so that nobody learns which ids exist. */
export function response(ctx: Context<SubscriptionOnTaskUpdatedArgs>): null {
  const { id } = ctx.args;
  const mine = { owner: { eq: ownerOf(ctx) } };
  const filter = id ? { ...mine, id: { eq: id } } : mine;
  extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter(filter));
  return null;
}
