import type { Deployment } from './deployment.ts';

export interface Names {
  readonly table: string;
  readonly workersTable: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly buckets: readonly string[];
  /** The one that the CDN serves. */
  readonly originBucket: string;
}

interface DistributionProperties {
  readonly DistributionConfig: { readonly Origins: readonly { readonly DomainName: string }[] };
}

/** What one looks for in a running stack. The template's resources are told apart by what they are made for. */
export const toNames = (deployment: Deployment): Names => {
  const { physical, propertiesOf, only, idsOf } = deployment;
  const has = (property: string) => (id: string) =>
    propertiesOf<Record<string, unknown>>(id)[property] !== undefined;

  /** The resource that has the property, and the one that has not. */
  const pair = (property: string, ...types: string[]): [string, string] => {
    const ids = idsOf(...types);
    const [one, other] = [ids.find(has(property)), ids.find((id) => !has(property)(id))];
    if (one === undefined || other === undefined)
      throw new Error(`The template lacks ${types[0]} with, or without, ${property}`);
    return [physical(one).ref, physical(other).ref];
  };

  const [queueUrl, deadLetterQueueUrl] = pair('RedrivePolicy', 'AWS::SQS::Queue');
  // Tasks are looked for in more ways than one, workers are not.
  const [table, workersTable] = pair(
    'GlobalSecondaryIndexes',
    ...['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table'],
  );
  const buckets = idsOf('AWS::S3::Bucket').map(physical);
  const { Origins } = propertiesOf<DistributionProperties>(
    only('AWS::CloudFront::Distribution'),
  ).DistributionConfig;
  const origin = buckets.find(({ attributes }) => attributes.RegionalDomainName === Origins[0]?.DomainName);
  if (!origin) throw new Error('The template lacks the origin of its CDN');
  return {
    ...{ table, workersTable, queueUrl, deadLetterQueueUrl },
    buckets: buckets.map(({ ref }) => ref),
    originBucket: origin.ref,
  };
};
