import {
  buildASTSchema,
  execute,
  type GraphQLError,
  isObjectType,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { toApiError, toValidationError, toVariablesError } from './api-error.ts';
import { createAuthorize } from './authorize.ts';
import { createFieldResolver, notAuthorized, type FieldResolver } from './field-resolver.ts';
import { ResolverError } from './runtime/errors.ts';
import { createLoadHandlers } from './runtime/load-handlers.ts';
import type { SubscriptionFilter } from './runtime/subscription-filter.ts';
import { addScalars } from './scalars.ts';
import { createProjectionSchema, createSubscription, mutationsOf } from './subscription.ts';
import type { ApiDefinition, ApiError, ApiRequest, ApiResult, Engine, PublishedEvent } from './types.ts';

export interface EngineOptions {
  readonly definition: ApiDefinition;
  /** The SDL of AppSync's own scalars and directives. */
  readonly prelude: string;
  /** Milliseconds since 1970; the system's unless told. */
  readonly clock?: () => number;
}

/** AppSync's limit on a document (general reference, "AppSync endpoints and quotas"). */
const MAX_TOKENS = 15_000;

/** What one request's fields share. */
interface Execution {
  readonly request: ApiRequest;
  /** Root fields in the order they were resolved: response key and field. */
  readonly roots: { readonly key: string; readonly fieldName: string }[];
  resolverCount: number;
  subscriptionFilter?: SubscriptionFilter;
}

type Prepared =
  | { readonly document: DocumentNode; readonly operation: OperationDefinitionNode }
  | { readonly errors: readonly ApiError[] };

/** The GraphQL API without its transport: parses, validates, authorizes, resolves, publishes. */
export const createEngine = ({ definition, prelude, clock = Date.now }: EngineOptions): Engine => {
  const ast = parse(`${prelude}\n${definition.schema}`);
  const schema = buildASTSchema(ast);
  addScalars(schema);
  const rules = definition.introspection
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  attachResolvers(schema, definition, clock);
  const projection = createProjectionSchema(ast, createAuthorize(definition));
  const listeners = new Set<(event: PublishedEvent) => void>();

  const prepare = ({ query, operationName }: ApiRequest): Prepared => {
    let document: DocumentNode;
    try {
      document = parse(query, { maxTokens: MAX_TOKENS });
    } catch (error) {
      return { errors: [toValidationError(error as GraphQLError)] };
    }
    const invalid = validate(schema, document, rules);
    if (invalid.length > 0) return { errors: invalid.map(toValidationError) };
    const operations = document.definitions.filter((node) => node.kind === 'OperationDefinition');
    const chosen = operationName
      ? operations.find((node) => node.name?.value === operationName)
      : operations.length === 1 && operations[0];
    if (!chosen) {
      const message = operationName
        ? `Unknown operation named '${operationName}'.`
        : 'Missing operation name.';
      return { errors: [{ message, errorType: 'BadRequestException' }] };
    }
    return { document, operation: chosen };
  };

  const run = async (
    request: ApiRequest,
    document: DocumentNode,
    execution: Execution,
  ): Promise<ExecutionResult> =>
    execute({
      schema,
      document,
      rootValue: null,
      contextValue: execution,
      variableValues: request.variables,
      operationName: request.operationName,
    });

  const publish = (execution: Execution, data: Record<string, unknown>): void => {
    for (const { key, fieldName } of execution.roots) {
      const result = data[key];
      if (typeof result !== 'object' || result === null || Array.isArray(result)) continue;
      for (const listener of listeners)
        listener({ mutation: fieldName, result: result as Record<string, unknown> });
    }
  };

  return {
    execute: async (request) => {
      const prepared = prepare(request);
      if ('errors' in prepared) return { data: null, errors: prepared.errors };
      if (prepared.operation.operation === 'subscription') {
        const message = 'Subscriptions are served over the realtime endpoint only.';
        return { data: null, errors: [{ message, errorType: 'OperationNotSupported' }] };
      }
      const execution = newExecution(request);
      const result = await run(request, prepared.document, execution);
      if (prepared.operation.operation === 'mutation' && result.data) publish(execution, result.data);
      return toResult(result);
    },

    subscribe: async (request) => {
      const prepared = prepare(request);
      if ('errors' in prepared) return prepared;
      if (prepared.operation.operation !== 'subscription') {
        return {
          errors: [
            {
              errorType: 'UnsupportedOperation',
              message: `${prepared.operation.operation} not supported through the realtime channel`,
            },
          ],
        };
      }
      if (prepared.operation.selectionSet.selections[0]?.kind !== 'Field') {
        return { errors: [{ message: 'A subscription starts with its field, not with a fragment.' }] };
      }
      const execution = newExecution(request);
      const { errors } = await run(request, prepared.document, execution);
      if (errors && errors.length > 0) return { errors: errors.map(toError) };
      return {
        subscription: createSubscription({
          projection,
          document: prepared.document,
          operation: prepared.operation,
          variables: request.variables ?? {},
          caller: request.caller,
          filter: execution.subscriptionFilter,
          mutations: mutationsOf(schema, prepared.operation),
        }),
      };
    },

    onPublish: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

const newExecution = (request: ApiRequest): Execution => ({ request, roots: [], resolverCount: 0 });

const toResult = ({ data, errors }: ExecutionResult): ApiResult => ({
  data: data ?? null,
  ...(errors && errors.length > 0 && { errors: errors.map(toError) }),
});

/** Errors without a path come before execution: of variables. */
const toError = (error: GraphQLError): ApiError => (error.path ? toApiError(error) : toVariablesError(error));

/** Gives every field its resolver: its own, or that which reads the parent's property. A root field without one is null. */
const attachResolvers = (schema: GraphQLSchema, definition: ApiDefinition, clock: () => number): void => {
  const authorize = createAuthorize(definition);
  const load = createLoadHandlers({ clock });
  const own = new Map<string, FieldResolver>(
    definition.resolvers.map((resolver) => [
      `${resolver.typeName}.${resolver.fieldName}`,
      createFieldResolver(definition, resolver, load),
    ]),
  );
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const resolver = own.get(`${type.name}.${field.name}`);
      const resolve: GraphQLFieldResolver<unknown, Execution> = async (source, args, execution, info) => {
        if (!info.path.prev) execution.roots.push({ key: String(info.path.key), fieldName: field.name });
        if (!authorize(execution.request.caller, type, field)) throw notAuthorized(field.name, type.name);
        checkDepth(definition, info.path);
        if (!resolver) return (source as Record<string, unknown> | null | undefined)?.[field.name] ?? null;
        countResolver(definition, execution);
        const outcome = await resolver({ source, args, request: execution.request, info });
        if (outcome.subscriptionFilter) execution.subscriptionFilter = outcome.subscriptionFilter;
        return outcome.value;
      };
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  for (const name of own.keys()) {
    const [typeName = '', fieldName = ''] = name.split('.');
    const type = schema.getType(typeName);
    if (!isObjectType(type) || !type.getFields()[fieldName])
      throw new Error(`The schema has no field ${name} for its resolver`);
  }
};

interface Path {
  readonly prev: Path | undefined;
  readonly key: string | number;
}

const checkDepth = ({ queryDepthLimit }: ApiDefinition, path: Path): void => {
  if (queryDepthLimit === 0) return;
  let depth = 0;
  for (let node: Path | undefined = path; node; node = node.prev)
    if (typeof node.key === 'string') depth += 1;
  if (depth > queryDepthLimit) {
    throw new ResolverError(`The query is deeper than ${queryDepthLimit} levels.`, 'QueryDepthLimitReached');
  }
};

const countResolver = ({ resolverCountLimit }: ApiDefinition, execution: Execution): void => {
  execution.resolverCount += 1;
  if (execution.resolverCount > resolverCountLimit) {
    throw new ResolverError(
      `More than ${resolverCountLimit} resolvers would run.`,
      'ResolverExecutionLimitReached',
    );
  }
};
