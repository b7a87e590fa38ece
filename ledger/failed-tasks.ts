import { paginateScan, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { TaskStatus } from '../contract/task.ts';

export interface FailureFilter {
  /** Any unless told. */
  readonly codes?: readonly string[];
  /** When it ended, in milliseconds since 1970, both included. */
  readonly since?: number;
  readonly until?: number;
}

export interface FailedTask {
  readonly id: string;
  readonly owner: string;
  readonly code: string;
  readonly finishedAt: number;
}

/** Tasks that have FAILED, page by page, in no order. Reads the whole table: no index holds what has ended. */
export type FailedTasks = (filter: FailureFilter) => AsyncIterable<readonly FailedTask[]>;

export const createFailedTasks = (options: { dynamodb: DynamoDBClient; tableName: string }): FailedTasks =>
  async function* ({ codes = [], since = 0, until = Number.MAX_SAFE_INTEGER }) {
    const placeholders = codes.map((_, index) => `:code${index}`);
    const pages = paginateScan(
      { client: options.dynamodb },
      {
        TableName: options.tableName,
        FilterExpression: [
          '#status = :failed AND #finishedAt BETWEEN :since AND :until',
          ...(codes.length > 0 ? [`#error.#code IN (${placeholders.join(', ')})`] : []),
        ].join(' AND '),
        ProjectionExpression: '#id, #owner, #error.#code, #finishedAt',
        ExpressionAttributeNames: {
          ...{ '#id': 'id', '#owner': 'owner', '#status': 'status' },
          ...{ '#error': 'error', '#code': 'code', '#finishedAt': 'finishedAt' },
        },
        ExpressionAttributeValues: marshall({
          ...{ ':failed': 'FAILED' satisfies TaskStatus, ':since': since, ':until': until },
          ...Object.fromEntries(codes.map((code, index) => [`:code${index}`, code])),
        }),
      },
    );
    for await (const { Items = [] } of pages) {
      yield Items.map((item) => {
        const { error, ...task } = unmarshall(item) as Omit<FailedTask, 'code'> & { error: { code: string } };
        return { ...task, code: error.code };
      });
    }
  };
