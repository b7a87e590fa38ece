import {
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** DynamoDB's time to live, which dynalite lacks: remembers each table's attribute, and deletes what has expired. */
export interface TimeToLive {
  /** Answers UpdateTimeToLive and DescribeTimeToLive; undefined for any other operation. */
  readonly answer: (operation: string, body: Record<string, unknown>) => Record<string, unknown> | undefined;
  /** Deletes expired items now. DynamoDB itself takes up to a few days. */
  readonly sweep: () => Promise<number>;
  readonly stop: () => void;
}

export const createTimeToLive = (client: DynamoDBClientConfig, clock: () => number): TimeToLive => {
  const attributes = new Map<string, string>();
  const dynamodb = new DynamoDBClient(client);

  const update = (table: string, body: Record<string, unknown>): Record<string, unknown> => {
    const { AttributeName, Enabled } = body.TimeToLiveSpecification as {
      AttributeName: string;
      Enabled: boolean;
    };
    if (Enabled) attributes.set(table, AttributeName);
    else attributes.delete(table);
    return { TimeToLiveSpecification: { AttributeName, Enabled } };
  };

  const sweepTable = async (TableName: string, attribute: string): Promise<number> => {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    const keys = (Table?.KeySchema ?? []).flatMap(({ AttributeName }) => AttributeName ?? []);
    const condition = {
      ExpressionAttributeNames: { '#ttl': attribute },
      ExpressionAttributeValues: { ':now': { N: String(Math.floor(clock() / 1000)) } },
    };
    let deleted = 0;
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamodb.send(
        new ScanCommand({
          TableName,
          ...condition,
          FilterExpression: '#ttl <= :now',
          ExclusiveStartKey: from,
        }),
      );
      for (const item of page.Items ?? []) {
        const Key = Object.fromEntries(keys.flatMap((key) => (item[key] ? [[key, item[key]]] : [])));
        await dynamodb.send(new DeleteItemCommand({ TableName, Key }));
        deleted += 1;
      }
      from = page.LastEvaluatedKey;
    } while (from);
    return deleted;
  };

  return {
    answer: (operation, body) => {
      const table = String(body.TableName);
      if (operation === 'UpdateTimeToLive') return update(table, body);
      if (operation !== 'DescribeTimeToLive') return undefined;
      const AttributeName = attributes.get(table);
      const TimeToLiveStatus = AttributeName === undefined ? 'DISABLED' : 'ENABLED';
      return { TimeToLiveDescription: { TimeToLiveStatus, ...(AttributeName && { AttributeName }) } };
    },
    sweep: async () => {
      let deleted = 0;
      for (const [table, attribute] of attributes) deleted += await sweepTable(table, attribute);
      return deleted;
    },
    stop: () => dynamodb.destroy(),
  };
};
