import { QueryCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { TASKS_TABLE } from '../contract/task.ts';

/** Ids of the rows of one shard whose `wakeAt` has come, soonest first, page by page. */
export type DueRows = (shard: string, now: number) => AsyncIterable<readonly string[]>;

const PAGE_ROWS = 100;

export const createDueRows = (options: { dynamodb: DynamoDBClient; tableName: string }): DueRows => {
  const { dynamodb, tableName: TableName } = options;
  const { indexName, partitionKey, sortKey } = TASKS_TABLE.active;
  return async function* (shard, now) {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await dynamodb.send(
        new QueryCommand({
          TableName,
          IndexName: indexName,
          KeyConditionExpression: '#shard = :shard AND #wakeAt <= :now',
          ExpressionAttributeNames: {
            '#shard': partitionKey,
            '#wakeAt': sortKey,
            '#id': TASKS_TABLE.partitionKey,
          },
          ExpressionAttributeValues: marshall({ ':shard': shard, ':now': now }),
          ProjectionExpression: '#id',
          Limit: PAGE_ROWS,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      yield Items.flatMap(({ id }) => id?.S ?? []);
      from = LastEvaluatedKey;
    } while (from);
  };
};
