import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { DataSourceError } from '../runtime/errors.ts';
import type { DataSource } from '../types.ts';
import type { PageTokens } from './page-tokens.ts';

/*
 * The requests that resolvers return, carried out (AppSync developer guide, "JavaScript resolver function reference for
 * DynamoDB").
 */

type Item = Record<string, AttributeValue>;

interface Expression {
  readonly expression: string;
  readonly expressionNames?: Record<string, string>;
  readonly expressionValues?: Record<string, unknown>;
}

interface DynamoDbRequest {
  readonly operation: string;
  readonly key?: Record<string, unknown>;
  readonly consistentRead?: boolean;
  readonly update?: Expression;
  readonly condition?: Expression & { readonly consistentRead?: boolean };
  readonly index?: string;
  readonly query?: Expression;
  readonly filter?: Expression | null;
  readonly limit?: number;
  readonly nextToken?: string | null;
  readonly scanIndexForward?: boolean;
  readonly tables?: Record<
    string,
    { readonly keys: Record<string, unknown>[]; readonly consistentRead?: boolean }
  >;
}

export interface DynamoDbDataSourceOptions {
  readonly name: string;
  readonly tableName: string;
  readonly client: DynamoDBClient;
  readonly pageTokens: PageTokens;
}

export const createDynamoDbDataSource = (options: DynamoDbDataSourceOptions): DataSource => {
  const { name, tableName: TableName, client, pageTokens } = options;

  const getItem = async (request: DynamoDbRequest): Promise<unknown> => {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName,
        Key: toItem(request.key),
        ConsistentRead: request.consistentRead ?? false,
      }),
    );
    return Item ? unmarshall(Item) : null;
  };

  const updateItem = async (request: DynamoDbRequest): Promise<unknown> => {
    const { key, update, condition } = request;
    try {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName,
          Key: toItem(key),
          UpdateExpression: update?.expression,
          ...(condition && { ConditionExpression: condition.expression }),
          ...attributesOf(update, condition),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes ? unmarshall(Attributes) : null;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // AppSync reads the item after a failed condition and hands it to the response handler beside the error.
      const item = await getItem({
        operation: 'GetItem',
        key: key ?? {},
        consistentRead: condition?.consistentRead ?? true,
      });
      throw new DataSourceError(`DynamoDB:${error.name}`, error.message, item);
    }
  };

  const query = async (request: DynamoDbRequest): Promise<unknown> => {
    const { query: keys, filter, scanIndexForward } = request;
    return toPage(
      await client.send(
        new QueryCommand({
          ...selectionOf(request),
          KeyConditionExpression: keys?.expression,
          ...attributesOf(keys, filter),
          ...(scanIndexForward !== undefined && { ScanIndexForward: scanIndexForward }),
        }),
      ),
    );
  };

  const scan = async (request: DynamoDbRequest): Promise<unknown> =>
    toPage(await client.send(new ScanCommand({ ...selectionOf(request), ...attributesOf(request.filter) })));

  const selectionOf = ({ index, filter, limit, nextToken, consistentRead }: DynamoDbRequest) => {
    const start = nextToken ? pageTokens.open(nextToken) : undefined;
    if (nextToken && !start)
      throw new DataSourceError('DynamoDB:AmazonDynamoDBException', 'Invalid pagination token given.');
    return {
      TableName,
      ...(index !== undefined && { IndexName: index }),
      ...(filter && { FilterExpression: filter.expression }),
      ...(limit !== undefined && { Limit: limit }),
      ...(start && { ExclusiveStartKey: start as Item }),
      ...(consistentRead !== undefined && { ConsistentRead: consistentRead }),
    };
  };

  const toPage = ({ Items = [], LastEvaluatedKey, ScannedCount = 0 }: QueryCommandOutput): unknown => ({
    items: Items.map((item) => unmarshall(item)),
    nextToken: LastEvaluatedKey ? pageTokens.seal(LastEvaluatedKey) : null,
    scannedCount: ScannedCount,
  });

  const batchGetItem = async ({ tables = {} }: DynamoDbRequest): Promise<unknown> => {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetItemCommand({
        RequestItems: Object.fromEntries(
          Object.entries(tables).map(([table, { keys, consistentRead = false }]) => [
            table,
            { Keys: keys.map(toItem), ConsistentRead: consistentRead },
          ]),
        ),
      }),
    );
    const names = Object.keys(tables);
    return {
      data: Object.fromEntries(
        names.map((table) => [table, inOrder(tables[table]?.keys ?? [], Responses[table] ?? [])]),
      ),
      unprocessedKeys: Object.fromEntries(
        names.map((table) => [table, (UnprocessedKeys[table]?.Keys ?? []).map((key) => unmarshall(key))]),
      ),
    };
  };

  const operations: Readonly<Record<string, (request: DynamoDbRequest) => Promise<unknown>>> = {
    GetItem: getItem,
    UpdateItem: updateItem,
    Query: query,
    Scan: scan,
    BatchGetItem: batchGetItem,
  };

  return {
    name,
    type: 'AMAZON_DYNAMODB',
    invoke: async (raw) => {
      const request = raw as DynamoDbRequest;
      const run = operations[request.operation];
      if (!run) {
        throw new DataSourceError(
          'MappingTemplate',
          `DynamoDB operation ${request.operation} is not supported here`,
        );
      }
      try {
        return await run(request);
      } catch (error) {
        if (error instanceof DataSourceError) throw error;
        const { name: type, message } = error as Error;
        throw new DataSourceError(`DynamoDB:${type}`, message);
      }
    },
  };
};

/** Answers come in any order; AppSync gives them in the order of the keys, null where there is none. */
const inOrder = (keys: readonly Record<string, unknown>[], items: readonly Item[]): unknown[] =>
  keys.map((key) => {
    const wanted = Object.entries(unmarshall(toItem(key)));
    const found = items
      .map((item) => unmarshall(item))
      .find((item) => wanted.every(([attribute, value]) => item[attribute] === value));
    return found ?? null;
  });

const attributesOf = (...expressions: (Expression | null | undefined)[]): object => {
  const names = Object.assign({}, ...expressions.map((one) => one?.expressionNames)) as Record<
    string,
    string
  >;
  const values = Object.assign({}, ...expressions.map((one) => one?.expressionValues)) as Record<
    string,
    unknown
  >;
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: toItem(values) }),
  };
};

const toItem = (values: Record<string, unknown> = {}): Item =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttributeValue(value)]));

/** AppSync's own helpers write numbers as numbers, `NULL` as null and so on; the SDK is stricter. */
const toAttributeValue = (value: unknown): AttributeValue => {
  const [type, inner] = Object.entries((value ?? { NULL: true }) as object)[0] as [string, unknown];
  switch (type) {
    case 'N':
      return { N: String(inner) };
    case 'NULL':
      return { NULL: true };
    case 'NS':
      return { NS: (inner as unknown[]).map(String) };
    case 'M':
      return { M: toItem(inner as Record<string, unknown>) };
    case 'L':
      return { L: (inner as unknown[]).map(toAttributeValue) };
    case 'B':
      return { B: Buffer.from(inner as string, 'base64') };
    default:
      return { [type]: inner } as unknown as AttributeValue;
  }
};
