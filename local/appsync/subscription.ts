import {
  buildASTSchema,
  executeSync,
  getArgumentValues,
  isObjectType,
  type DocumentNode,
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { toApiError } from './api-error.ts';
import type { Authorize } from './authorize.ts';
import { notAuthorized } from './field-resolver.ts';
import { matchesFilter, type SubscriptionFilter } from './runtime/subscription-filter.ts';
import type { ApiResult, Caller, PublishedEvent, Subscription } from './types.ts';

export interface SubscriptionOptions {
  readonly projection: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** Of `extensions.setSubscriptionFilter`: replaces the filter by arguments. */
  readonly filter: SubscriptionFilter | undefined;
  readonly mutations: ReadonlySet<string>;
}

/**
 * What a subscriber gets of an event: the mutation's result, already restricted to what its caller selected, seen through the
 * subscriber's own selection. Nested resolvers don't run again (AppSync developer guide, "aws-appsync-real-time-data").
 */
export const createSubscription = (options: SubscriptionOptions): Subscription => {
  const { projection: schema, document, operation, variables, caller, filter, mutations } = options;
  const node = rootFieldOf(operation);
  const args = argumentsOf(schema, node, variables);

  const isWanted = ({ mutation, result }: PublishedEvent): boolean =>
    mutations.has(mutation) &&
    (filter
      ? matchesFilter(filter, result)
      : Object.entries(args).every(([name, value]) => (result[name] ?? null) === value));

  return {
    project: (event): ApiResult | undefined => {
      if (!isWanted(event)) return undefined;
      const { data, errors } = executeSync({
        schema,
        document,
        rootValue: { [node.name.value]: event.result },
        contextValue: caller,
        variableValues: variables,
        operationName: operation.name?.value,
      });
      return { data: data ?? null, ...(errors && errors.length > 0 && { errors: errors.map(toApiError) }) };
    },
  };
};

/** The mutations that the operation's field is fed by: its `@aws_subscribe`. */
export const mutationsOf = (
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): ReadonlySet<string> => {
  const field = schema.getSubscriptionType()?.getFields()[rootFieldOf(operation).name.value];
  const directive = field?.astNode?.directives?.find(({ name }) => name.value === 'aws_subscribe');
  const value = directive?.arguments?.[0]?.value;
  const names = value?.kind === 'ListValue' ? value.values : [];
  return new Set(names.flatMap((name) => (name.kind === 'StringValue' ? [name.value] : [])));
};

const rootFieldOf = (operation: OperationDefinitionNode): FieldNode => {
  const [first] = operation.selectionSet.selections;
  if (first?.kind !== 'Field') throw new Error('A subscription starts with its field, not with a fragment');
  return first;
};

/** An argument that was left out does not filter; one that is null does. */
const argumentsOf = (
  schema: GraphQLSchema,
  node: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const field = schema.getSubscriptionType()?.getFields()[node.name.value];
  return field ? getArgumentValues(field, node, variables) : {};
};

/**
 * The schema through which events are seen: scalars pass as they are, since they were serialized for the mutation
 * already, and every field is its parent's property, if the subscriber may have it.
 */
export const createProjectionSchema = (ast: DocumentNode, authorize: Authorize): GraphQLSchema => {
  const schema = buildASTSchema(ast);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const resolve: GraphQLFieldResolver<Record<string, unknown>, Caller> = (source, _args, caller) => {
        if (!authorize(caller, type, field)) throw notAuthorized(field.name, type.name);
        return source[field.name] ?? null;
      };
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  return schema;
};
