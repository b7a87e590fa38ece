import type {
  ApiDefinition,
  AuthMode,
  DataSource,
  ResolverCode,
  ResolverDefinition,
  UserPool,
} from '../appsync/types.ts';
import type { Resolve } from './intrinsics.ts';
import { TemplateError, type PhysicalResource, type Template, type TemplateResource } from './types.ts';

export interface ApiOptions {
  readonly template: Template;
  readonly resolve: Resolve;
  readonly physical: (logicalId: string) => PhysicalResource;
  readonly region: string;
  readonly accountId: string;
  readonly userPool: (userPoolId: string) => UserPool;
  readonly dataSource: (name: string, type: string, properties: Record<string, unknown>) => DataSource;
}

interface ApiProperties {
  readonly AuthenticationType: AuthMode;
  readonly UserPoolConfig?: { readonly UserPoolId: string };
  readonly AdditionalAuthenticationProviders?: readonly {
    readonly AuthenticationType: AuthMode;
    readonly UserPoolConfig?: { readonly UserPoolId: string };
  }[];
  readonly EnvironmentVariables?: Readonly<Record<string, string>>;
  readonly IntrospectionConfig?: 'ENABLED' | 'DISABLED';
  readonly QueryDepthLimit?: number;
  readonly ResolverCountLimit?: number;
}

interface ResolverProperties {
  readonly TypeName: string;
  readonly FieldName: string;
  readonly Code?: string;
  readonly DataSourceName?: string;
  readonly PipelineConfig?: { readonly Functions?: readonly string[] };
}

/** Puts the GraphQL API together from the resources that describe it. */
export const toApiDefinition = (options: ApiOptions): ApiDefinition => {
  const { template, resolve, physical, region, accountId } = options;

  const all = <T>(type: string): { logicalId: string; properties: T }[] =>
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId, resource]: [string, TemplateResource]) => ({
        logicalId,
        properties: resolve(resource.Properties ?? {}) as T,
      }));

  const [api, ...others] = all<ApiProperties>('AWS::AppSync::GraphQLApi');
  if (!api || others.length > 0) throw new TemplateError('The template must hold exactly one GraphQL API');
  const [schema] = all<{ Definition?: string }>('AWS::AppSync::GraphQLSchema');
  if (!schema?.properties.Definition)
    throw new TemplateError('The GraphQL schema must stand in the template');

  const { properties } = api;
  const providers = [properties, ...(properties.AdditionalAuthenticationProviders ?? [])];
  const functions = new Map(
    all<ResolverCode & { Code?: string; DataSourceName?: string }>('AWS::AppSync::FunctionConfiguration').map(
      ({ logicalId, properties: fn }) => [physical(logicalId).attributes.FunctionId, toCode(logicalId, fn)],
    ),
  );

  return {
    apiId: physical(api.logicalId).attributes.ApiId ?? '',
    region,
    accountId,
    schema: schema.properties.Definition,
    defaultAuth: properties.AuthenticationType,
    additionalAuth: providers.slice(1).map((provider) => provider.AuthenticationType),
    apiKeys: all<{ Expires?: number }>('AWS::AppSync::ApiKey').map(({ logicalId, properties: key }) => ({
      key: physical(logicalId).attributes.ApiKey ?? '',
      expiresAtMs: key.Expires ? key.Expires * 1000 : Number.POSITIVE_INFINITY,
    })),
    userPools: providers.flatMap(({ UserPoolConfig }) =>
      UserPoolConfig ? [options.userPool(UserPoolConfig.UserPoolId)] : [],
    ),
    environmentVariables: properties.EnvironmentVariables ?? {},
    introspection: properties.IntrospectionConfig !== 'DISABLED',
    queryDepthLimit: properties.QueryDepthLimit ?? 0,
    resolverCountLimit: properties.ResolverCountLimit || 10_000,
    dataSources: all<{ Name: string; Type: string }>('AWS::AppSync::DataSource').map(
      ({ properties: source }) => options.dataSource(source.Name, source.Type, source),
    ),
    resolvers: all<ResolverProperties>('AWS::AppSync::Resolver').map(
      ({ logicalId, properties: resolver }): ResolverDefinition => ({
        typeName: resolver.TypeName,
        fieldName: resolver.FieldName,
        ...toCode(logicalId, resolver),
        ...(resolver.PipelineConfig?.Functions && {
          functions: resolver.PipelineConfig.Functions.map((id) => {
            const found = functions.get(id);
            if (!found) throw new TemplateError(`${logicalId} names a function that is not in the template`);
            return found;
          }),
        }),
      }),
    ),
  };
};

const toCode = (logicalId: string, from: { Code?: string; DataSourceName?: string }): ResolverCode => {
  if (from.Code === undefined) throw new TemplateError(`The code of ${logicalId} must stand in the template`);
  return {
    code: from.Code,
    ...(from.DataSourceName !== undefined && { dataSourceName: from.DataSourceName }),
  };
};
