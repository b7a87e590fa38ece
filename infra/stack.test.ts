import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, toConfig } from './config.ts';
import { readResolvers, readSchema } from './resolver-code.ts';
import { SdAsyncStack } from './stack.ts';
import { synthesize } from './synth.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

let template: Template;
let statements: { logicalId: string; statement: Statement }[];
beforeAll(() => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  template = Template.fromStack(new SdAsyncStack(app, 'SdAsync', { config: DEFAULT_CONFIG }));
  statements = Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(
    ([logicalId, { Properties }]) =>
      (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement.map(
        (statement) => ({
          logicalId,
          statement,
        }),
      ),
  );
});

const actionsOf = (policy: string): string[] =>
  statements
    .filter(({ logicalId }) => logicalId.startsWith(policy))
    .flatMap(({ statement }) => statement.Action)
    .sort();

/** What a policy allows an action on, as text. */
const resourcesOf = (policy: string, action: string): string =>
  JSON.stringify(
    statements
      .filter(({ logicalId }) => logicalId.startsWith(policy))
      .filter(({ statement }) => [statement.Action].flat().includes(action))
      .map(({ statement }) => statement.Resource),
  );

describe('permissions', () => {
  it('give the handler what it does, and no more', () => {
    expect([...new Set(actionsOf('HandlerFunction'))]).toEqual([
      ...['appsync:GraphQL', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:Scan'],
      ...['s3:Abort*', 's3:GetObject', 's3:PutObject', 's3:PutObjectLegalHold', 's3:PutObjectRetention'],
      ...['s3:PutObjectTagging', 's3:PutObjectVersionTagging', 'sqs:SendMessage'],
    ]);
  });

  it('let the handler have nothing stored but requests, and uploads, which it may look at', () => {
    const writable = resourcesOf('HandlerFunction', 's3:PutObject');
    expect(writable.match(/"\/(\w+)\/\*"/g)?.sort()).toEqual(['"/requests/*"', '"/uploads/*"']);
    const readable = resourcesOf('HandlerFunction', 's3:GetObject');
    expect(readable.match(/"\/(\w+)\/\*"/g)?.sort()).toEqual(['"/requests/*"', '"/uploads/*"']);
    expect(writable).not.toContain('Images');
  });

  it('give a worker neither the table nor the right to send, list or delete anything but its messages', () => {
    const actions = actionsOf('WorkersRole');
    expect(actions).toEqual(
      expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 's3:PutObject']),
    );
    expect(actions.filter((action) => /^dynamodb:|SendMessage|DeleteObject|PurgeQueue/.test(action))).toEqual(
      [],
    );
  });

  it('let a worker write its pool’s log, which is there: it neither makes one, nor reads it, nor says how long it is kept', () => {
    const actions = actionsOf('WorkersRole').filter((action) => action.startsWith('logs:'));
    expect(actions).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    const [group] = Object.keys(
      template.findResources('AWS::Logs::LogGroup', {
        Properties: { LogGroupName: '/sd-async/SdAsync-workers' },
      }),
    );
    expect(resourcesOf('WorkersRole', 'logs:PutLogEvents')).toBe(
      JSON.stringify([{ 'Fn::GetAtt': [group, 'Arn'] }]),
    );
  });

  it('give the reconciler what it does, and no more: it finds rows, looks at them, rings and tells', () => {
    expect(actionsOf('ReconcilerFunction')).toEqual([
      ...['appsync:GraphQL', 'dynamodb:GetItem', 'dynamodb:Query', 'sqs:SendMessage'],
    ]);
    expect(resourcesOf('ReconcilerFunction', 'dynamodb:Query')).toContain('/index/active"');
  });

  it('give the dead-letter consumer what it does, and no more: it takes dead messages and tells', () => {
    expect(actionsOf('DeadLettersFunction')).toEqual([
      ...['appsync:GraphQL', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    ]);
    expect(resourcesOf('DeadLettersFunction', 'sqs:ReceiveMessage')).toContain('TasksDeadLetterQueue');
  });

  it('let nobody but them call an internal field: all tell events, workers report as well', () => {
    const granted = statements
      .filter(({ statement }) => statement.Action === 'appsync:GraphQL')
      .flatMap(({ logicalId, statement }) =>
        [statement.Resource].flat().map((resource) => {
          const [, field] = /\/types\/(\w+\/fields\/\w+|.*)"/.exec(JSON.stringify(resource)) ?? [];
          return `${logicalId.replace(/(FunctionService)?Role.*/, '')} ${field}`;
        }),
      );
    expect(granted.sort()).toEqual([
      'DeadLetters Mutation/fields/updateTask',
      'Handler Mutation/fields/updateTask',
      'Reconciler Mutation/fields/updateTask',
      'Workers Mutation/fields/reportWorker',
      'Workers Mutation/fields/updateTask',
      'Workers Query/fields/queue',
    ]);
  });

  it('give AppSync what its resolvers do, and no more', () => {
    expect(actionsOf('ApiTasksRole')).toEqual([
      ...['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    ]);
    expect(actionsOf('ApiWorkersRole')).toEqual(['dynamodb:Scan', 'dynamodb:UpdateItem']);
  });

  it('name their resources: a star stands for everything nowhere', () => {
    const open = statements.filter(({ statement }) => [statement.Resource].flat().includes('*'));
    // Those two know no resource.
    expect(open.flatMap(({ statement }) => statement.Action)).toEqual([
      ...['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeScalingActivities'],
    ]);
    expect(
      statements.flatMap(({ statement }) => statement.Action).filter((action) => /(^|:)\*$/.test(action)),
    ).toEqual([]);
  });
});

describe('a function’s log', () => {
  it('is its own, and is kept for a month: without a group Lambda makes one that is kept for ever', () => {
    const groups = Object.values(template.findResources('AWS::Lambda::Function')).map(
      ({ Properties }) =>
        (Properties as { LoggingConfig?: { LogGroup: { Ref: string } } }).LoggingConfig?.LogGroup.Ref,
    );
    expect(groups).toHaveLength(4);
    expect(new Set(groups).size).toBe(4);
    expect(Object.keys(template.findResources('AWS::Logs::LogGroup'))).toEqual(
      expect.arrayContaining(groups),
    );
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });
});

describe('the requests bucket', () => {
  it('lets browsers post uploads from any page, and keeps them for a day', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      CorsConfiguration: { CorsRules: [{ AllowedMethods: ['POST'], AllowedOrigins: ['*'] }] },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ Prefix: 'uploads/', ExpirationInDays: 1 })]),
      },
    });
  });
});

describe('the API', () => {
  it('is closed unless a directive opens it: IAM is the default, the user pool and the key come beside it', () => {
    template.hasResourceProperties('AWS::AppSync::GraphQLApi', {
      AuthenticationType: 'AWS_IAM',
      AdditionalAuthenticationProviders: [
        Match.objectLike({ AuthenticationType: 'AMAZON_COGNITO_USER_POOLS' }),
        Match.objectLike({ AuthenticationType: 'API_KEY' }),
      ],
    });
  });

  it('has no key where none is wanted', () => {
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    const config = toConfig({ api: { apiKey: false } });
    Template.fromStack(new SdAsyncStack(app, 'SdAsync', { config })).resourceCountIs(
      'AWS::AppSync::ApiKey',
      0,
    );
  });

  it('has a resolver for every root field', () => {
    const schema = readSchema();
    const roots = ['Query', 'Mutation', 'Subscription']
      .map((name) => schema.getType(name))
      .filter(isObjectType);
    const fields = roots.flatMap((type) =>
      Object.keys(type.getFields()).map((field) => `${type.name}.${field}`),
    );
    expect(readResolvers().map(({ name }) => name)).toEqual(expect.arrayContaining(fields));
  });

  it('holds the resolvers’ code itself, so that the template is all there is', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::AppSync::Resolver'))) {
      expect((Properties as { Code: string }).Code).toMatch(/export \{/);
    }
  });
});

describe('the queue and the table', () => {
  it('give up on a message that comes back too often', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      RedrivePolicy: { maxReceiveCount: 30, deadLetterTargetArn: Match.anyValue() },
      VisibilityTimeout: 60,
      MaximumMessageSize: 4096,
    });
  });

  it('never project progress, which changes every second', () => {
    const [table] = Object.values(template.findResources('AWS::DynamoDB::GlobalTable'));
    const { GlobalSecondaryIndexes: indexes, TimeToLiveSpecification: ttl } = table?.Properties as {
      GlobalSecondaryIndexes: { IndexName: string; Projection: unknown }[];
      TimeToLiveSpecification: unknown;
    };
    const including = (...names: string[]) => ({ ProjectionType: 'INCLUDE', NonKeyAttributes: names });
    expect(indexes.map(({ IndexName, Projection }) => [IndexName, Projection])).toEqual([
      ['byOwner', including('status')],
      [
        'active',
        including('status', 'pool', 'megapixelSteps', 'createdAt', 'notBefore', 'claimedAt', 'workerId'),
      ],
      ['activeByOwner', { ProjectionType: 'KEYS_ONLY' }],
    ]);
    expect(ttl).toEqual({ AttributeName: 'expiresAt', Enabled: true });
  });
});

describe('the reconciler', () => {
  it('runs once a minute, and is done before it runs again', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ReconcilerFunction'), 'Arn'] } }],
    });
    const [fn] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('^Rings again') },
      }),
    );
    expect((fn?.Properties as { Timeout: number }).Timeout).toBeLessThan(60);
  });
});

describe('the dead-letter consumer', () => {
  it('reports message by message, and has the time that AWS asks for', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^TasksDeadLetterQueue'), 'Arn'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    const [queue] = Object.values(
      template.findResources('AWS::SQS::Queue', { Properties: { RedrivePolicy: Match.absent() } }),
    );
    const [fn] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('came back too often') },
      }),
    );
    const { VisibilityTimeout } = queue?.Properties as { VisibilityTimeout: number };
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * (fn?.Properties as { Timeout: number }).Timeout);
  });
});

describe('objects and instances', () => {
  it('are private: buckets closed, read by the CDN alone', () => {
    template.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    template.resourceCountIs('AWS::CloudFront::OriginAccessControl', 1);
  });

  it('keep credentials on the instance, and let nobody in', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: { MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 } },
    });
    const [group] = Object.values(template.findResources('AWS::EC2::SecurityGroup'));
    expect(group?.Properties).not.toHaveProperty('SecurityGroupIngress');
  });

  it('protect a busy worker from scale-in', () => {
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      NewInstancesProtectedFromScaleIn: true,
      MinSize: '0',
      MaxSize: '4',
    });
  });
});

describe('a configuration that can’t work', () => {
  it('is refused with every reason at once', () => {
    const workers = { minCapacity: 5, maxCapacity: 2, instanceTypes: ['t3.micro'], volumeGb: 8 };
    const api = { maxActiveTasksPerOwner: 0 };
    expect(() => toConfig({ workers, api })).toThrow(
      /minCapacity 5 is above.*has no GPU.*volumeGb.*maxActiveTasksPerOwner/,
    );
  });
});

it('synthesizes offline, and the template holds against CloudFormation’s specifications', () => {
  const previous = process.env.AWS_REGION;
  const { template: validated, assets } = synthesize({ validate: true });
  expect(Object.keys(validated.Resources as object).length).toBeGreaterThan(30);
  expect(Object.keys(assets).length).toBe(6);
  expect(process.env.AWS_REGION).toBe(previous);
}, 60_000);

it('fails to synthesize what CloudFormation would refuse', () => {
  const configure = (stack: SdAsyncStack): void => {
    const group = stack.workers[0]?.group.node.defaultChild as unknown as {
      addPropertyOverride: (path: string, value: unknown) => void;
    };
    group.addPropertyOverride('NoSuchProperty', 1);
  };
  expect(() => synthesize({ validate: true, configure })).toThrow();
}, 60_000);
