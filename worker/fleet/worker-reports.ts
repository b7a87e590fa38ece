import { paginateScan, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { WorkerReport } from './members.ts';

const ATTRIBUTES: readonly (keyof WorkerReport)[] = [
  ...([
    'id',
    'pool',
    'instanceType',
    'bootSeconds',
    'state',
    'megapixelStepsPerSecond',
    'updatedAt',
  ] as const),
];

/** Every worker's last report, without what it has installed. */
export const createReadReports =
  (options: { dynamodb: DynamoDBClient; tableName: string }) =>
  async (): Promise<readonly WorkerReport[]> => {
    const reports: WorkerReport[] = [];
    const pages = paginateScan(
      { client: options.dynamodb },
      {
        TableName: options.tableName,
        ProjectionExpression: ATTRIBUTES.map((name) => `#${name}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name])),
      },
    );
    // Rows are written by reportWorker alone, in this very shape.
    for await (const { Items = [] } of pages) {
      reports.push(...Items.map((item) => unmarshall(item) as WorkerReport));
    }
    return reports;
  };
