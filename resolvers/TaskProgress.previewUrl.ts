import type { Context, NONERequest } from '@aws-appsync/utils';

export function request(ctx: Context): NONERequest {
  const { previewKey } = ctx.source;
  return { payload: previewKey ? `${ctx.env.CDN_URL}/${previewKey}` : null };
}

export function response(ctx: Context): unknown {
  return ctx.result;
}
