import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbDataSource } from '../appsync/data-sources/dynamodb.ts';
import { createLambdaDataSource } from '../appsync/data-sources/lambda.ts';
import { createNoneDataSource } from '../appsync/data-sources/none.ts';
import { createPageTokens } from '../appsync/data-sources/page-tokens.ts';
import type { DataSource } from '../appsync/types.ts';
import type { Releasers } from '../releasers.ts';
import type { ClientConfig } from '../template/engines.ts';
import { TemplateError } from '../template/types.ts';
import type { Deployment } from './deployment.ts';
import { functionOf, type DeployedFunction } from './functions.ts';

interface DataSourceProperties {
  readonly ServiceRoleArn?: string;
  readonly DynamoDBConfig?: { readonly TableName: string };
  readonly LambdaConfig?: { readonly LambdaFunctionArn: string };
}

export interface DataSourcesOptions {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  readonly client: ClientConfig;
  readonly releasers: Releasers;
}

export type CreateDataSource = (
  name: string,
  type: string,
  properties: Record<string, unknown>,
) => DataSource;

/** AppSync's data sources, each acting under its own service role. */
export const createDataSources = (options: DataSourcesOptions): CreateDataSource => {
  const { deployment, functions, client, releasers } = options;
  const pageTokens = createPageTokens();

  return (name, type, properties) => {
    const { ServiceRoleArn, DynamoDBConfig, LambdaConfig } = properties as DataSourceProperties;
    if (type === 'NONE') return createNoneDataSource(name);
    if (type === 'AWS_LAMBDA' && LambdaConfig) {
      const { fn } = functionOf(functions, LambdaConfig.LambdaFunctionArn, `The data source ${name}`);
      return createLambdaDataSource(name, fn);
    }
    if (type === 'AMAZON_DYNAMODB' && DynamoDBConfig && ServiceRoleArn !== undefined) {
      const dynamodb = new DynamoDBClient({
        ...client,
        credentials: deployment.roles.assume(ServiceRoleArn, 'appsync'),
      });
      releasers.add(() => dynamodb.destroy());
      return createDynamoDbDataSource({
        name,
        tableName: DynamoDBConfig.TableName,
        client: dynamodb,
        pageTokens,
      });
    }
    throw new TemplateError(`The local AppSync can't run the data source ${name} of type ${type}`);
  };
};
