import { TemplateError, type PhysicalResource } from '../template/types.ts';
import type { Deployment } from './deployment.ts';

export interface Names {
  readonly table: string;
  readonly workersTable: string;
  readonly fleetTable: string;
  /** Of the default pool. */
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly buckets: readonly string[];
  /** The one that the CDN serves. */
  readonly originBucket: string;
}

interface DistributionProperties {
  readonly DistributionConfig: { readonly Origins: readonly { readonly DomainName: string }[] };
}

interface QueueProperties {
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: string };
}

interface TableProperties {
  readonly GlobalSecondaryIndexes?: object;
  readonly KeySchema: readonly object[];
}

/** What one looks for in a running stack. The template's resources are told apart by what they are made for. */
export const toNames = (deployment: Deployment): Names => {
  const { physical, propertiesOf, only, idsOf } = deployment;

  const find = <T>(
    what: string,
    types: readonly string[],
    isIt: (properties: T, resource: PhysicalResource) => boolean,
  ): PhysicalResource => {
    const id = idsOf(...types).find((one) => isIt(propertiesOf<T>(one), physical(one)));
    if (id === undefined) throw new TemplateError(`The template lacks ${what}`);
    return physical(id);
  };
  const findTable = (what: string, isIt: (properties: TableProperties) => boolean): string =>
    find<TableProperties>(what, ['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table'], isIt).ref;
  const findQueue = (what: string, isIt: (properties: QueueProperties, queue: PhysicalResource) => boolean) =>
    find<QueueProperties>(what, ['AWS::SQS::Queue'], isIt).ref;

  let deadLetterArn: string | undefined;
  const queueUrl = findQueue('a queue with dead letters', ({ RedrivePolicy }) => {
    deadLetterArn ??= RedrivePolicy?.deadLetterTargetArn;
    return RedrivePolicy !== undefined;
  });
  const { Origins } = propertiesOf<DistributionProperties>(
    only('AWS::CloudFront::Distribution'),
  ).DistributionConfig;
  const domain = Origins[0]?.DomainName;
  return {
    // Tasks are looked for in more ways than one, a fleet's records by two keys.
    table: findTable('a table with indexes', (table) => table.GlobalSecondaryIndexes !== undefined),
    workersTable: findTable(
      'a table with one key',
      (table) => !table.GlobalSecondaryIndexes && table.KeySchema.length === 1,
    ),
    fleetTable: findTable(
      'a table with two keys',
      (table) => !table.GlobalSecondaryIndexes && table.KeySchema.length === 2,
    ),
    queueUrl,
    deadLetterQueueUrl: findQueue(
      'its dead letters',
      (_, { attributes }) => attributes.Arn === deadLetterArn,
    ),
    buckets: idsOf('AWS::S3::Bucket').map((id) => physical(id).ref),
    originBucket: find(
      'the origin of its CDN',
      ['AWS::S3::Bucket'],
      (_, { attributes }) => attributes.RegionalDomainName === domain,
    ).ref,
  };
};
