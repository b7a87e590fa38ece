import type { GraphQLField, GraphQLObjectType } from 'graphql';
import { valueFromASTUntyped } from 'graphql';
import { isAllowed } from '../iam/policy.ts';
import type { ApiDefinition, AuthMode, Caller } from './types.ts';

interface Grant {
  readonly mode: AuthMode;
  /** Only members of these; absent: everybody. */
  readonly groups?: readonly string[];
}

const MODES: Readonly<Record<string, AuthMode>> = {
  aws_api_key: 'API_KEY',
  aws_iam: 'AWS_IAM',
  aws_cognito_user_pools: 'AMAZON_COGNITO_USER_POOLS',
};

/**
 * Whether the caller may have this field (AppSync developer guide, "security-authz"): directives on the field replace those
 * on its type; without either only the API's default mode gets through. In IAM mode the principal's policies must allow
 * `appsync:GraphQL` on root fields as well.
 */
export type Authorize = (
  caller: Caller,
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
) => boolean;

export const createAuthorize = (definition: ApiDefinition): Authorize => {
  const { apiId, region, accountId, defaultAuth } = definition;
  const roots = new Set(['Query', 'Mutation', 'Subscription']);

  const policiesAllow = (caller: Caller, typeName: string, fieldName: string): boolean => {
    const resource = `arn:aws:appsync:${region}:${accountId}:apis/${apiId}/types/${typeName}/fields/${fieldName}`;
    return isAllowed(caller.principal?.policies ?? [], 'appsync:GraphQL', resource);
  };

  return (caller, type, field) => {
    const own = grantsOf(field.astNode?.directives);
    const grants = own.length > 0 ? own : grantsOf(type.astNode?.directives);
    const admitted =
      grants.length === 0
        ? caller.mode === defaultAuth
        : grants.some(
            ({ mode, groups }) =>
              mode === caller.mode && (!groups || groups.some((group) => caller.groups.includes(group))),
          );
    if (!admitted) return false;
    return caller.mode !== 'AWS_IAM' || !roots.has(type.name) || policiesAllow(caller, type.name, field.name);
  };
};

type Directives = NonNullable<GraphQLObjectType['astNode']>['directives'];

const grantsOf = (directives: Directives): Grant[] =>
  (directives ?? []).flatMap((directive): Grant[] => {
    const mode = MODES[directive.name.value];
    if (!mode) return [];
    const groups = directive.arguments?.find(({ name }) => name.value === 'cognito_groups');
    return [{ mode, ...(groups && { groups: valueFromASTUntyped(groups.value) as string[] }) }];
  });
