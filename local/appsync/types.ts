import type { Principal } from '../iam/types.ts';

/** One GraphQL API as the template describes it, every intrinsic resolved. */
export interface ApiDefinition {
  readonly apiId: string;
  readonly region: string;
  readonly accountId: string;
  /** The SDL of `AWS::AppSync::GraphQLSchema`, without AppSync's own scalars and directives. */
  readonly schema: string;
  readonly defaultAuth: AuthMode;
  readonly additionalAuth: readonly AuthMode[];
  readonly apiKeys: readonly { readonly key: string; readonly expiresAtMs: number }[];
  /** One entry for each user pool that the API accepts. */
  readonly userPools: readonly UserPool[];
  /** `AWS::AppSync::GraphQLApi.EnvironmentVariables`, seen by resolvers as `ctx.env`. */
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly introspection: boolean;
  /** 0 = no limit. */
  readonly queryDepthLimit: number;
  readonly resolverCountLimit: number;
  readonly dataSources: readonly DataSource[];
  readonly resolvers: readonly ResolverDefinition[];
}

export type AuthMode = 'API_KEY' | 'AWS_IAM' | 'AMAZON_COGNITO_USER_POOLS';

export interface UserPool {
  readonly userPoolId: string;
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** The issuer's public keys, a JSON Web Key Set. */
  readonly jwks: { readonly keys: readonly object[] };
  /** Accepted `client_id`/`aud`; none given: any. */
  readonly appClientIdRegex?: string;
}

export interface DataSource {
  readonly name: string;
  readonly type: 'NONE' | 'AWS_LAMBDA' | 'AMAZON_DYNAMODB';
  /**
   * Carries out what a request handler returned. Throws `DataSourceError` for what AppSync hands to the response
   * handler as `ctx.error`.
   */
  readonly invoke: (request: unknown) => Promise<unknown>;
}

export interface ResolverCode {
  readonly dataSourceName?: string;
  /** The bundle: one ES module that exports `request` and `response`. */
  readonly code: string;
}

export interface ResolverDefinition extends ResolverCode {
  readonly typeName: string;
  readonly fieldName: string;
  /** The functions of a pipeline resolver in their order; none for a unit resolver. */
  readonly functions?: readonly ResolverCode[];
}

/** Who calls, in the shape that resolvers see as `ctx.identity`. */
export interface Caller {
  readonly mode: AuthMode;
  readonly identity: Readonly<Record<string, unknown>> | null;
  /** Cognito groups; empty in other modes. */
  readonly groups: readonly string[];
  /** Set in IAM mode: its policies decide which fields may be resolved. */
  readonly principal?: Principal;
}

/** One entry of `errors`: AppSync puts these at the top level, not under `extensions`. */
export interface ApiError {
  readonly message: string;
  readonly errorType?: string | null;
  readonly errorInfo?: unknown;
  readonly data?: unknown;
  readonly path?: readonly (string | number)[] | null;
  readonly locations?: readonly { line: number; column: number; sourceName: null }[] | null;
}

export interface ApiResult {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly ApiError[];
}

export interface ApiRequest {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  readonly caller: Caller;
  /** Lower-cased names; seen by resolvers as `ctx.request.headers`. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** What a mutation's root field resolved to, restricted to what the mutating caller selected. */
export interface PublishedEvent {
  readonly mutation: string;
  readonly result: Record<string, unknown>;
}

/** A subscription that was authorized and whose resolver has run: what `start_ack` stands for. */
export interface Subscription {
  /** The frame payload for an event, or undefined where a filter keeps it back. */
  readonly project: (event: PublishedEvent) => ApiResult | undefined;
}

/** The GraphQL engine, free of transport: HTTP and realtime stand on it. */
export interface Engine {
  /** Queries and mutations. Never throws: every failure is in the result. */
  readonly execute: (request: ApiRequest) => Promise<ApiResult>;
  /** Validates, authorizes and runs the subscription's resolver once. */
  readonly subscribe: (
    request: ApiRequest,
  ) => Promise<{ readonly subscription: Subscription } | { readonly errors: readonly ApiError[] }>;
  /** Called for every mutation's root field that resolved to an object. Returns how to stop. */
  readonly onPublish: (listener: (event: PublishedEvent) => void) => () => void;
}
