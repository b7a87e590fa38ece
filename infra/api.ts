import { Duration, Expiration, Stack } from 'aws-cdk-lib';
import {
  AuthorizationType,
  CfnDataSource,
  CfnFunctionConfiguration,
  CfnResolver,
  Definition,
  GraphqlApi,
  type AuthorizationMode,
} from 'aws-cdk-lib/aws-appsync';
import { UserPool, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { TASKS_TABLE } from '../contract/task.ts';
import type { Config } from './config.ts';
import type { Environment } from './environment.ts';
import { PATHS } from './paths.ts';
import { readResolvers, type FunctionCode, type ResolverSource } from './resolver-code.ts';

export interface ApiProps {
  readonly config: Config['api'];
  readonly tasksTable: ITableV2;
  readonly workersTable: ITableV2;
  readonly fleetTable: ITableV2;
  /** Base URL of every image. */
  readonly cdnUrl: string;
}

type DataSourceName = 'tasks' | 'workers' | 'fleet' | 'handler' | 'none';

/** Where a field's data comes from; the tasks table unless it stands here. */
const DATA_SOURCES: Readonly<Record<string, DataSourceName>> = {
  'Mutation.submitTask': 'handler',
  'Mutation.cancelTask': 'handler',
  'Mutation.retryTask': 'handler',
  'Mutation.createUpload': 'handler',
  'Mutation.reportWorker': 'workers',
  'Query.models': 'workers',
  'Query.queue': 'fleet',
  'Query.fleetDecisions': 'fleet',
  'Task.estimate': 'fleet',
  'Subscription.onTaskUpdated': 'none',
  'Image.url': 'none',
  'TaskProgress.previewUrl': 'none',
};

const RUNTIME = { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' };

/** The GraphQL API with its users. IAM is the default mode, so that a field whose directive was forgotten is closed. */
export class Api extends Construct {
  readonly graphql: GraphqlApi;
  readonly userPool: UserPool;
  readonly userPoolClient: UserPoolClient;
  private readonly sources: Record<DataSourceName, CfnDataSource | undefined>;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.userPool = new UserPool(this, 'UserPool', { selfSignUpEnabled: false });
    this.userPoolClient = new UserPoolClient(this, 'UserPoolClient', {
      userPool: this.userPool,
      generateSecret: false,
      preventUserExistenceErrors: true,
    });
    this.graphql = new GraphqlApi(this, 'GraphQL', {
      name: Stack.of(this).stackName,
      definition: Definition.fromFile(PATHS.schema),
      authorizationConfig: {
        defaultAuthorization: { authorizationType: AuthorizationType.IAM },
        additionalAuthorizationModes: this.additionalModes(props.config),
      },
      environmentVariables: { [ENV.cdnUrl]: props.cdnUrl, [ENV.tasksTable]: props.tasksTable.tableName },
      // The deepest useful query, a page of tasks with their images, has depth 5.
      queryDepthLimit: 6,
      resolverCountLimit: 1000,
    });
    this.sources = {
      tasks: this.addTasks(props.tasksTable),
      workers: this.addTable('Workers', props.workersTable, ['dynamodb:UpdateItem', 'dynamodb:Scan']),
      fleet: this.addTable('Fleet', props.fleetTable, ['dynamodb:GetItem', 'dynamodb:Query']),
      none: this.addSource('None', { type: 'NONE' }),
      handler: undefined,
    };
  }

  /** Attaches the resolvers, whose writes `handler` does. */
  addResolvers(handler: IFunction): void {
    const serviceRole = this.addServiceRole('HandlerRole');
    // Without a version or alias: AppSync calls the function itself.
    serviceRole.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [handler.functionArn] }),
    );
    this.sources.handler = this.addSource('Handler', {
      type: 'AWS_LAMBDA',
      lambdaConfig: { lambdaFunctionArn: handler.functionArn },
      serviceRoleArn: serviceRole.roleArn,
    });
    for (const source of readResolvers()) this.addResolver(source);
  }

  /** May tell events in tasks' lives, and nothing else. */
  grantTell(grantee: IGrantable): Environment {
    this.graphql.grantMutation(grantee, 'updateTask');
    return { [ENV.graphqlUrl]: this.graphql.graphqlUrl };
  }

  /** May say what a worker is doing, and nothing else. */
  grantReportWorker(grantee: IGrantable): Environment {
    this.graphql.grantMutation(grantee, 'reportWorker');
    return { [ENV.graphqlUrl]: this.graphql.graphqlUrl };
  }

  /** May see how busy a fleet is, and nothing else. */
  grantSeeQueue(grantee: IGrantable): Environment {
    this.graphql.grantQuery(grantee, 'queue');
    return { [ENV.graphqlUrl]: this.graphql.graphqlUrl };
  }

  private additionalModes(config: Config['api']): AuthorizationMode[] {
    const userPool: AuthorizationMode = {
      authorizationType: AuthorizationType.USER_POOL,
      userPoolConfig: { userPool: this.userPool },
    };
    if (!config.apiKey) return [userPool];
    const expires = Expiration.after(Duration.days(config.apiKeyDays));
    return [userPool, { authorizationType: AuthorizationType.API_KEY, apiKeyConfig: { expires } }];
  }

  private addServiceRole(id: string): Role {
    return new Role(this, id, { assumedBy: new ServicePrincipal('appsync.amazonaws.com') });
  }

  private addSource(
    name: string,
    props: Omit<ConstructorParameters<typeof CfnDataSource>[2], 'apiId' | 'name'>,
  ): CfnDataSource {
    return new CfnDataSource(this, `${name}DataSource`, { ...props, apiId: this.graphql.apiId, name });
  }

  private addTasks(table: ITableV2): CfnDataSource {
    const index = `${table.tableArn}/index/${TASKS_TABLE.byOwner.indexName}`;
    return this.addTable(
      'Tasks',
      table,
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
      new PolicyStatement({ actions: ['dynamodb:Query'], resources: [index] }),
    );
  }

  private addTable(
    name: string,
    table: ITableV2,
    actions: string[],
    ...others: PolicyStatement[]
  ): CfnDataSource {
    const serviceRole = this.addServiceRole(`${name}Role`);
    serviceRole.addToPolicy(new PolicyStatement({ actions, resources: [table.tableArn] }));
    for (const other of others) serviceRole.addToPolicy(other);
    return this.addSource(name, {
      type: 'AMAZON_DYNAMODB',
      dynamoDbConfig: { tableName: table.tableName, awsRegion: Stack.of(this).region },
      serviceRoleArn: serviceRole.roleArn,
    });
  }

  private addResolver({ name, typeName, fieldName, code, functions }: ResolverSource): void {
    const source = this.sources[DATA_SOURCES[name] ?? 'tasks'];
    if (!source) throw new Error(`${name} has no data source`);
    const steps = functions.map((step) => this.addFunction(name, step, source));
    const resolver = new CfnResolver(this, `Resolver.${name}`, {
      apiId: this.graphql.apiId,
      typeName,
      fieldName,
      code,
      runtime: RUNTIME,
      ...(steps.length > 0
        ? { kind: 'PIPELINE', pipelineConfig: { functions: steps.map((step) => step.attrFunctionId) } }
        : { kind: 'UNIT', dataSourceName: source.attrName }),
    });
    this.graphql.addSchemaDependency(resolver);
  }

  private addFunction(
    resolver: string,
    { name, code }: FunctionCode,
    source: CfnDataSource,
  ): CfnFunctionConfiguration {
    return new CfnFunctionConfiguration(this, `Function.${resolver}.${name}`, {
      apiId: this.graphql.apiId,
      name: `${resolver}_${name}`.replaceAll('.', '_'),
      dataSourceName: source.attrName,
      code,
      runtime: RUNTIME,
    });
  }
}
