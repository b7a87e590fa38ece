import { paginateScan, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { WorkerRow } from '../../contract/worker.ts';

/** A worker's row, as far as it matters here. */
export type Report = Pick<WorkerRow, 'updatedAt' | 'pool' | 'catalogue'>;

/** Every worker's last report. */
export type ReadRoster = () => Promise<readonly Report[]>;

export const createReadRoster =
  (options: { dynamodb: DynamoDBClient; tableName: string }): ReadRoster =>
  async () => {
    const rows: Report[] = [];
    const pages = paginateScan(
      { client: options.dynamodb },
      {
        TableName: options.tableName,
        ProjectionExpression: 'updatedAt, #pool, catalogue',
        ExpressionAttributeNames: { '#pool': 'pool' },
      },
    );
    // Rows are written by reportWorker alone, in this very shape.
    for await (const { Items = [] } of pages) rows.push(...Items.map((item) => unmarshall(item) as Report));
    return rows;
  };
