import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { SUMMARY_ID, type FleetSummary } from '../../contract/fleet.ts';
import type { FleetStore } from './pass.ts';

/** What passes leave behind: a summary for each pool, and decisions. */
export const createFleetStore = (options: { dynamodb: DynamoDBClient; tableName: string }): FleetStore => {
  const { dynamodb, tableName: TableName } = options;
  const toItem = (record: object) => marshall(record, { removeUndefinedValues: true });
  return {
    read: async (pool) => {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName, Key: toItem({ pool, id: SUMMARY_ID }), ConsistentRead: true }),
      );
      // Written below alone, in this very shape.
      return Item && (unmarshall(Item) as FleetSummary);
    },

    replace: async (summary, before) => {
      try {
        await dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: toItem(summary),
            ...(before
              ? {
                  ConditionExpression: '#version = :version',
                  ExpressionAttributeNames: { '#version': 'version' },
                  ExpressionAttributeValues: toItem({ ':version': before.version }),
                }
              : { ConditionExpression: 'attribute_not_exists(id)' }),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    record: async (decision) => {
      await dynamodb.send(new PutItemCommand({ TableName, Item: toItem(decision) }));
    },
  };
};
