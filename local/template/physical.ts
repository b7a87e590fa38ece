import { createHash } from 'node:crypto';
import { TemplateError, type PhysicalResource, type Template } from './types.ts';

/** What physical names and attributes are made of. Addresses are functions: some ports are known only later. */
export interface PhysicalContext {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  readonly gatewayUrl: () => string;
  readonly graphqlUrl: () => string;
  readonly realtimeUrl: () => string;
}

interface Naming extends PhysicalContext {
  readonly logicalId: string;
  /** `<stack>-<logical id>`, as CloudFormation begins its names. */
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Hex digits that only depend on the logical id, so that addresses survive a restart. */
  readonly digits: (length: number) => string;
}

type Describe = (naming: Naming) => { ref: string; attributes?: Record<string, () => string> };

const arn = (naming: Naming, service: string, resource: string): string =>
  `arn:aws:${service}:${naming.region}:${naming.accountId}:${resource}`;

const globalArn = (naming: Naming, service: string, resource: string): string =>
  `arn:aws:${service}::${naming.accountId}:${resource}`;

const nameOf = (naming: Naming, property: string): string =>
  typeof naming.properties[property] === 'string' ? naming.properties[property] : naming.name;

const table: Describe = (naming) => {
  const name = nameOf(naming, 'TableName');
  return { ref: name, attributes: { Arn: () => arn(naming, 'dynamodb', `table/${name}`) } };
};

const queue: Describe = (naming) => {
  const name = nameOf(naming, 'QueueName');
  const url = `${naming.gatewayUrl()}/${naming.accountId}/${name}`;
  return {
    ref: url,
    attributes: { Arn: () => arn(naming, 'sqs', name), QueueName: () => name, QueueUrl: () => url },
  };
};

const bucket: Describe = (naming) => {
  const name = nameOf(naming, 'BucketName').toLowerCase().slice(0, 63);
  return {
    ref: name,
    attributes: {
      Arn: () => `arn:aws:s3:::${name}`,
      DomainName: () => `${name}.s3.amazonaws.com`,
      RegionalDomainName: () => `${name}.s3.${naming.region}.amazonaws.com`,
    },
  };
};

const graphqlApi: Describe = (naming) => {
  const id = naming.digits(26);
  return {
    ref: arn(naming, 'appsync', `apis/${id}`),
    attributes: {
      ApiId: () => id,
      Arn: () => arn(naming, 'appsync', `apis/${id}`),
      GraphQLUrl: naming.graphqlUrl,
      RealtimeUrl: naming.realtimeUrl,
      GraphQLDns: () => new URL(naming.graphqlUrl()).host,
      RealtimeDns: () => new URL(naming.realtimeUrl()).host,
    },
  };
};

const userPool: Describe = (naming) => {
  const id = `${naming.region}_${naming.digits(9)}`;
  return {
    ref: id,
    attributes: {
      Arn: () => arn(naming, 'cognito-idp', `userpool/${id}`),
      UserPoolId: () => id,
      ProviderName: () => `cognito-idp.${naming.region}.amazonaws.com/${id}`,
      ProviderURL: () => `https://cognito-idp.${naming.region}.amazonaws.com/${id}`,
    },
  };
};

const role: Describe = (naming) => {
  const name = nameOf(naming, 'RoleName');
  return {
    ref: name,
    attributes: {
      Arn: () => globalArn(naming, 'iam', `role/${name}`),
      RoleId: () => `AROA${naming.digits(17)}`,
    },
  };
};

/** Every resource type that is run or read. One that others merely refer to is in `IGNORED_TYPES`. */
const DESCRIPTIONS: Readonly<Record<string, Describe>> = {
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::SQS::Queue': queue,
  'AWS::S3::Bucket': bucket,
  'AWS::Lambda::Function': (naming) => {
    const name = nameOf(naming, 'FunctionName');
    return { ref: name, attributes: { Arn: () => arn(naming, 'lambda', `function:${name}`) } };
  },
  'AWS::Lambda::EventSourceMapping': (naming) => ({
    ref: naming.digits(32),
    attributes: { Id: () => naming.digits(32) },
  }),
  'AWS::Events::Rule': (naming) => {
    const name = nameOf(naming, 'Name');
    return { ref: name, attributes: { Arn: () => arn(naming, 'events', `rule/${name}`) } };
  },
  'AWS::AppSync::GraphQLApi': graphqlApi,
  'AWS::AppSync::GraphQLSchema': ({ name }) => ({ ref: name }),
  'AWS::AppSync::ApiKey': (naming) => {
    const key = `da2-${naming.digits(26)}`;
    return {
      ref: arn(naming, 'appsync', `apikeys/${key}`),
      attributes: { ApiKey: () => key, ApiKeyId: () => key },
    };
  },
  'AWS::AppSync::DataSource': (naming) => {
    const name = nameOf(naming, 'Name');
    return {
      ref: name,
      attributes: { Name: () => name, DataSourceArn: () => arn(naming, 'appsync', `datasources/${name}`) },
    };
  },
  'AWS::AppSync::FunctionConfiguration': (naming) => ({
    ref: naming.digits(26),
    attributes: { FunctionId: () => naming.digits(26), Name: () => nameOf(naming, 'Name') },
  }),
  'AWS::AppSync::Resolver': ({ name }) => ({ ref: name }),
  'AWS::CloudFront::Distribution': (naming) => ({
    ref: `E${naming.digits(13).toUpperCase()}`,
    attributes: {
      Id: () => `E${naming.digits(13).toUpperCase()}`,
      DomainName: () => `d${naming.digits(13)}.cloudfront.net`,
    },
  }),
  'AWS::Cognito::UserPool': userPool,
  'AWS::Cognito::UserPoolClient': (naming) => ({
    ref: naming.digits(26),
    attributes: { ClientId: () => naming.digits(26) },
  }),
  'AWS::IAM::Role': role,
  'AWS::IAM::Policy': ({ name }) => ({ ref: name }),
  'AWS::IAM::InstanceProfile': (naming) => ({
    ref: naming.name,
    attributes: { Arn: () => globalArn(naming, 'iam', `instance-profile/${naming.name}`) },
  }),
  'AWS::SSM::Parameter': (naming) => {
    // Without a name CloudFormation makes up one that is no path.
    const name = nameOf(naming, 'Name');
    return { ref: name, attributes: { Value: () => String(naming.properties.Value) } };
  },
  'AWS::EC2::LaunchTemplate': (naming) => ({
    ref: `lt-${naming.digits(17)}`,
    attributes: {
      LaunchTemplateId: () => `lt-${naming.digits(17)}`,
      LatestVersionNumber: () => '1',
      DefaultVersionNumber: () => '1',
    },
  }),
  'AWS::AutoScaling::AutoScalingGroup': (naming) => ({ ref: nameOf(naming, 'AutoScalingGroupName') }),
  'AWS::AutoScaling::LifecycleHook': (naming) => ({ ref: nameOf(naming, 'LifecycleHookName') }),
};

/**
 * Has no meaning on one machine: networks, what CloudFront needs in front of S3, observability, bucket policies (the
 * gateway knows who calls), the hours of the day at which a fleet's bounds change. Anything that is neither here nor run is an error that names it.
 */
const IGNORED_TYPES: readonly (string | RegExp)[] = [
  /^AWS::EC2::(?!LaunchTemplate$)/,
  /^AWS::Logs::/,
  /^AWS::CloudWatch::/,
  /^AWS::SNS::/,
  /^AWS::WAFv2::/,
  'AWS::AutoScaling::ScheduledAction',
  'AWS::CloudFront::OriginAccessControl',
  'AWS::CloudFront::ResponseHeadersPolicy',
  'AWS::CloudFront::CachePolicy',
  'AWS::CDK::Metadata',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Lambda::Permission',
  'Custom::S3AutoDeleteObjects',
];

const isIgnored = (type: string): boolean =>
  IGNORED_TYPES.some((ignored) => (typeof ignored === 'string' ? ignored === type : ignored.test(type)));

/** Names every resource of the template. Refuses a template that holds what can't be run here. */
export const createPhysical = (
  template: Template,
  context: PhysicalContext,
): ((logicalId: string) => PhysicalResource) => {
  const strangers = Object.entries(template.Resources)
    .filter(([, { Type }]) => !Object.hasOwn(DESCRIPTIONS, Type) && !isIgnored(Type))
    .map(([logicalId, { Type }]) => `${logicalId} (${Type})`);
  if (strangers.length > 0) {
    throw new TemplateError(`The local runner can neither run nor leave out: ${strangers.join(', ')}`);
  }
  return (logicalId) => {
    const resource = template.Resources[logicalId];
    if (!resource) throw new TemplateError(`The template has no resource ${logicalId}`);
    const describe = DESCRIPTIONS[resource.Type];
    if (!describe) return placeholder(logicalId);
    const hash = createHash('sha256').update(`${context.stackName}/${logicalId}`).digest('hex');
    const { ref, attributes = {} } = describe({
      ...context,
      logicalId,
      name: `${context.stackName}-${logicalId}`,
      properties: resource.Properties ?? {},
      digits: (length) => hash.slice(0, length),
    });
    return { ref, attributes: lazily(attributes) };
  };
};

const placeholder = (logicalId: string): PhysicalResource => ({
  ref: logicalId,
  attributes: new Proxy({}, { get: (_target, name) => `${logicalId}.${String(name)}` }),
});

/** Attributes are evaluated when they are asked for: an address may not be known before. */
const lazily = (attributes: Readonly<Record<string, () => string>>): Record<string, string> =>
  Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(attributes).map(([name, get]) => [name, { get, enumerable: true }])),
  ) as Record<string, string>;
