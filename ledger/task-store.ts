import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { TASKS_TABLE, type TaskRow } from '../contract/task.ts';

export interface TaskStore {
  /** Puts a row unless its id is taken. */
  readonly create: (row: TaskRow) => Promise<'created' | 'exists'>;
  readonly get: (id: string) => Promise<TaskRow | undefined>;
  /**
   * How many tasks of the owner's have not ended, counted up to `limit`. From an index, which lags behind the table: what was
   * put or ended within the last moments may be missed.
   */
  readonly countActive: (owner: string, limit: number) => Promise<number>;
}

export const createTaskStore = (options: { dynamodb: DynamoDBClient; tableName: string }): TaskStore => {
  const { dynamodb, tableName: TableName } = options;
  return {
    create: async (row) => {
      try {
        await dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: marshall(row, { removeUndefinedValues: true }),
            ConditionExpression: 'attribute_not_exists(id)',
          }),
        );
        return 'created';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'exists';
        throw error;
      }
    },

    get: async (id) => {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName, Key: marshall({ id }), ConsistentRead: true }),
      );
      // Rows are written by us alone, in this very shape.
      return Item && (unmarshall(Item) as TaskRow);
    },

    countActive: async (owner, limit) => {
      const { indexName, partitionKey } = TASKS_TABLE.activeByOwner;
      const { Count = 0 } = await dynamodb.send(
        new QueryCommand({
          TableName,
          IndexName: indexName,
          KeyConditionExpression: '#owner = :owner',
          ExpressionAttributeNames: { '#owner': partitionKey },
          ExpressionAttributeValues: marshall({ ':owner': owner }),
          Select: 'COUNT',
          Limit: limit,
        }),
      );
      return Count;
    },
  };
};
