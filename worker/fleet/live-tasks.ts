import { GetItemCommand, paginateQuery, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ACTIVE_SHARDS, TASKS_TABLE, TERMINAL_STATUSES, type TaskRow } from '../../contract/task.ts';
import type { LiveTask } from './look.ts';

export interface LiveTasks {
  /** Every task that has not ended, as the index shows them. */
  readonly list: () => Promise<readonly LiveTask[]>;
  /** One that the index may not show yet. Undefined: it has ended, or never was. */
  readonly get: (id: string) => Promise<LiveTask | undefined>;
}

const { indexName, partitionKey, projected } = TASKS_TABLE.active;
const ATTRIBUTES = ['id', ...projected];

export const createLiveTasks = (options: { dynamodb: DynamoDBClient; tableName: string }): LiveTasks => {
  const { dynamodb: client, tableName: TableName } = options;

  const listShard = async (shard: string): Promise<LiveTask[]> => {
    const tasks: LiveTask[] = [];
    const pages = paginateQuery(
      { client },
      {
        TableName,
        IndexName: indexName,
        KeyConditionExpression: '#shard = :shard',
        ExpressionAttributeNames: {
          '#shard': partitionKey,
          ...Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name])),
        },
        ExpressionAttributeValues: marshall({ ':shard': shard }),
        ProjectionExpression: ATTRIBUTES.map((name) => `#${name}`).join(', '),
      },
    );
    for await (const { Items = [] } of pages)
      tasks.push(...Items.map((item) => unmarshall(item) as LiveTask));
    return tasks;
  };

  return {
    list: async () => {
      const shards = Array.from({ length: ACTIVE_SHARDS }, (_, shard) => listShard(String(shard)));
      return (await Promise.all(shards)).flat();
    },
    get: async (id) => {
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: marshall({ id }), ConsistentRead: true }),
      );
      const row = Item && (unmarshall(Item) as TaskRow);
      return row && !TERMINAL_STATUSES.includes(row.status) ? (row as LiveTask) : undefined;
    },
  };
};
