import type { Context, NONERequest } from '@aws-appsync/utils';

export function request(ctx: Context): NONERequest {
  return { payload: `${ctx.env.CDN_URL}/${ctx.source.key}` };
}

export function response(ctx: Context): unknown {
  return ctx.result;
}
