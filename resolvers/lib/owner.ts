import { util, type AppSyncIdentityCognito, type AppSyncIdentityIAM, type Context } from '@aws-appsync/utils';

/**
 * Whose tasks the caller may see. People who reach IAM through a Cognito identity pool share one role, so each of them
 * is told apart by the identity id.
 */
export const ownerOf = (ctx: Context): string => {
  const mode = util.authType();
  if (mode === 'API Key Authorization') return 'key:default';
  if (mode === 'User Pool Authorization') return `user:${(ctx.identity as AppSyncIdentityCognito).sub}`;
  if (mode !== 'IAM Authorization') util.unauthorized();
  const { userArn, cognitoIdentityId } = ctx.identity as AppSyncIdentityIAM;
  if (cognitoIdentityId) return `identity:${cognitoIdentityId}`;
  // arn:aws:sts::111111111111:assumed-role/<role>/<session> or arn:aws:iam::111111111111:user/<path>/<name>
  const [kind, ...path] = userArn.split('/');
  const name = kind?.endsWith(':assumed-role') ? path[0] : path[path.length - 1];
  if (!name) util.unauthorized();
  return `iam:${name}`;
};
