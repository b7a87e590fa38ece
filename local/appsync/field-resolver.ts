import { print, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';
import { DataSourceError, EarlyReturn, ResolverError, UnauthorizedError } from './runtime/errors.ts';
import type { Handlers, LoadHandlers } from './runtime/load-handlers.ts';
import type { SubscriptionFilter } from './runtime/subscription-filter.ts';
import type { Invocation } from './runtime/utils.ts';
import type { ApiDefinition, ApiRequest, DataSource, ResolverCode, ResolverDefinition } from './types.ts';

export interface FieldCall {
  readonly source: unknown;
  readonly args: Readonly<Record<string, unknown>>;
  readonly request: ApiRequest;
  readonly info: GraphQLResolveInfo;
}

export interface FieldOutcome {
  readonly value: unknown;
  /** What `extensions.setSubscriptionFilter` was given. */
  readonly subscriptionFilter?: SubscriptionFilter;
}

/** One field's resolver: request handler, data source, response handler; in a pipeline that of every function between. */
export type FieldResolver = (call: FieldCall) => Promise<FieldOutcome>;

interface Step {
  readonly handlers: Handlers;
  readonly dataSource: DataSource | undefined;
}

/** Where a resolver stands. `stash` is one object for all its handlers. */
interface State {
  readonly call: FieldCall;
  readonly base: Readonly<Record<string, unknown>>;
  readonly invocation: Invocation;
}

export const createFieldResolver = (
  definition: ApiDefinition,
  resolver: ResolverDefinition,
  load: LoadHandlers,
): FieldResolver => {
  const name = `${resolver.typeName}.${resolver.fieldName}`;
  const sources = new Map(definition.dataSources.map((source) => [source.name, source]));
  const toStep = (stepName: string, { code, dataSourceName }: ResolverCode): Step => {
    const dataSource = dataSourceName === undefined ? undefined : sources.get(dataSourceName);
    if (dataSourceName !== undefined && !dataSource)
      throw new Error(`${stepName} names the data source ${dataSourceName}, which the API does not have`);
    return { handlers: load(stepName, code), dataSource };
  };
  const own = toStep(name, resolver);
  const functions = resolver.functions?.map((fn, index) => toStep(`${name}/${index + 1}`, fn));

  return async (call) => {
    const invocation: Invocation = { authMode: call.request.caller.mode };
    const state: State = { call, invocation, base: toContext(definition, call) };
    try {
      const value = functions ? await runPipeline(state, own, functions) : await runStep(state, own, null);
      return {
        value: 'value' in value ? value.value : value.end,
        ...(invocation.subscriptionFilter && { subscriptionFilter: invocation.subscriptionFilter }),
      };
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      throw notAuthorized(call.info.fieldName, call.info.parentType.name);
    }
  };
};

export const notAuthorized = (fieldName: string, typeName: string): ResolverError =>
  new ResolverError(`Not Authorized to access ${fieldName} on type ${typeName}`, 'Unauthorized');

/** A step's result, or where `earlyReturn` asked for the end of the pipeline. */
type StepResult = { readonly value: unknown } | { readonly end: unknown };

const runPipeline = async (state: State, own: Step, functions: readonly Step[]): Promise<StepResult> => {
  const { base, invocation } = state;
  let previous: unknown;
  try {
    previous = own.handlers.request({ ...base, prev: { result: null } }, invocation);
    for (const step of functions) {
      const result = await runStep(state, step, previous);
      previous = 'value' in result ? result.value : result.end;
      if ('end' in result) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof EarlyReturn)) throw thrown;
    previous = thrown.value;
  }
  const value = own.handlers.response({ ...base, prev: { result: previous }, result: previous }, invocation);
  return { value };
};

const runStep = async ({ base, invocation }: State, step: Step, previous: unknown): Promise<StepResult> => {
  const prev = { result: previous };
  let request: unknown;
  try {
    request = step.handlers.request({ ...base, prev }, invocation);
  } catch (thrown) {
    if (!(thrown instanceof EarlyReturn)) throw thrown;
    return thrown.skipTo === 'END' ? { end: thrown.value } : { value: thrown.value };
  }
  // A failing data source does not end the resolver: its response handler decides.
  let result: unknown = null;
  let error: { message: string; type: string } | undefined;
  try {
    result = (await step.dataSource?.invoke(request)) ?? null;
  } catch (thrown) {
    if (!(thrown instanceof DataSourceError)) throw thrown;
    result = thrown.result;
    error = { message: thrown.message, type: thrown.type };
  }
  return { value: step.handlers.response({ ...base, prev, result, ...(error && { error }) }, invocation) };
};

/** `ctx`, as far as it is the same for every handler (AppSync developer guide, "resolver-context-reference-js"). */
const toContext = (
  definition: ApiDefinition,
  { source, args, request, info }: FieldCall,
): Record<string, unknown> => ({
  arguments: args,
  args,
  identity: request.caller.identity,
  source: source ?? null,
  stash: {},
  request: { headers: request.headers, domainName: null },
  env: definition.environmentVariables,
  info: {
    fieldName: info.fieldName,
    parentTypeName: info.parentType.name,
    variables: info.variableValues,
    // Left out by JSON.stringify, as on AWS.
    get selectionSetList() {
      return info.fieldNodes.flatMap((node) => pathsOf(node.selectionSet, info, ''));
    },
    get selectionSetGraphQL() {
      return info.fieldNodes.map((node) => (node.selectionSet ? print(node.selectionSet) : '')).join('\n');
    },
  },
});

/** Slash paths with aliases, parents before children, fragments flattened. */
const pathsOf = (set: SelectionSetNode | undefined, info: GraphQLResolveInfo, prefix: string): string[] =>
  (set?.selections ?? []).flatMap((selection): string[] => {
    if (selection.kind === 'Field') {
      const path = `${prefix}${(selection.alias ?? selection.name).value}`;
      return [path, ...pathsOf(selection.selectionSet, info, `${path}/`)];
    }
    const inner =
      selection.kind === 'InlineFragment'
        ? selection.selectionSet
        : info.fragments[selection.name.value]?.selectionSet;
    return pathsOf(inner, info, prefix);
  });
