import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UpdateTaskInput } from '../../contract/schema.generated.ts';
import { TASK_STATUSES } from '../../contract/task.ts';
import { TRANSITIONS, type TaskEvent } from '../../contract/transitions.ts';
import { createAccessKeys } from '../../local/iam/access-keys.ts';
import { createSignatureVerifier } from '../../local/iam/verify-signature.ts';
import { startGateway, type Gateway } from '../../local/gateway/gateway.ts';
import { meets, updated, type Expression, type Item } from './expressions.ts';

/* The simulation's DynamoDB against dynalite: any row, any event, the expressions that updateTask really writes. */

vi.mock('@aws-appsync/utils', async () =>
  (await import('./appsync-utils.ts')).createSimulatedUtils(() => NOW),
);
const NOW = 1_000_000;

interface UpdateRequest {
  readonly update: Expression;
  readonly condition: Expression;
}

let gateway: Gateway;
let dynamodb: DynamoDBClient;
let request: (ctx: { args: { input: UpdateTaskInput } }) => UpdateRequest;

beforeAll(async () => {
  const keys = createAccessKeys();
  const rootKey = keys.issue({ arn: 'arn:aws:iam::1:user/root', accountId: '1', name: 'root', policies: [] });
  gateway = await startGateway({
    verifySignature: createSignatureVerifier({ lookup: keys.lookup }),
    rootKey,
    region: 'us-east-1',
  });
  dynamodb = new DynamoDBClient({ endpoint: gateway.url, region: 'us-east-1', credentials: rootKey });
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'rows',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists(
    { client: dynamodb, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { TableName: 'rows' },
  );
  ({ request } = (await import('../../resolvers/Mutation.updateTask.ts')) as unknown as {
    request: typeof request;
  });
});
afterAll(async () => {
  dynamodb.destroy();
  await gateway.stop();
});

const instant = fc.integer({ min: NOW - 2, max: NOW + 2 });
const few = fc.constantFrom(1, 2);
const row = fc.record(
  {
    status: fc.constantFrom(...TASK_STATUSES),
    version: fc.nat(9),
    attempt: few,
    failures: few,
    maxRetries: few,
    releases: fc.constantFrom(0, 19, 20),
    dispatch: few,
    notBefore: instant,
    startBy: instant,
    deadlineAt: instant,
    leaseUntil: instant,
    leaseToken: fc.constantFrom('mine', 'yours'),
    owner: fc.constantFrom('ann', 'bob'),
    startedAt: instant,
    dispatchedAt: instant,
    shard: fc.constant('1'),
  },
  {
    requiredKeys: [
      ...(['status', 'version', 'attempt', 'failures', 'maxRetries', 'releases', 'dispatch'] as const),
      ...(['notBefore', 'startBy', 'deadlineAt', 'owner'] as const),
    ],
  },
);
const input = fc.record({
  event: fc.constantFrom(...(Object.keys(TRANSITIONS) as TaskEvent[])),
  owner: fc.constantFrom('ann', 'bob'),
  dispatch: few,
  attempt: few,
  leaseToken: fc.constantFrom('mine', 'yours'),
  leaseSeconds: fc.constant(30),
  backOffSeconds: fc.constant(2),
  ringSeconds: fc.constant(900),
  workerId: fc.constant('w'),
  images: fc.constant([{ key: 'k' }]),
  error: fc.constant({ code: 'X', message: 'm', retryable: true }),
  inferenceMs: fc.constant(1),
  storeMs: fc.constant(1),
});

const inDynalite = async (
  item: Item | undefined,
  { update, condition }: UpdateRequest,
): Promise<Item | 'refused'> => {
  const id = String(item?.id ?? 'missing');
  if (item) await dynamodb.send(new PutItemCommand({ TableName: 'rows', Item: marshall(item) }));
  try {
    const { Attributes = {} } = await dynamodb.send(
      new UpdateItemCommand({
        TableName: 'rows',
        Key: { id: { S: id } },
        UpdateExpression: update.expression,
        ConditionExpression: condition.expression,
        ExpressionAttributeNames: { ...update.expressionNames, ...condition.expressionNames },
        ExpressionAttributeValues: marshall({ ...update.expressionValues, ...condition.expressionValues }),
        ReturnValues: 'ALL_NEW',
      }),
    );
    return unmarshall(Attributes);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'refused';
    throw error;
  }
};

const here = (item: Item | undefined, { update, condition }: UpdateRequest): Item | 'refused' =>
  meets(item, condition) ? updated(item ?? {}, update) : 'refused';

describe('the simulated DynamoDB', () => {
  it('decides and changes what dynalite does, for every event', async () => {
    let index = 0;
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(row, input, fc.boolean(), async (attributes, { event, ...rest }, fits) => {
        index += 1;
        // Half of the rows are in a state that the event may start from.
        const [status = attributes.status] = fits ? TRANSITIONS[event].from : [];
        const item = { id: String(index), ...attributes, status };
        const asked = request({
          args: { input: { id: item.id, event, ...rest } as unknown as UpdateTaskInput },
        });
        const expected = await inDynalite(item, asked);
        if (expected !== 'refused') accepted += 1;
        expect(here(item, asked)).toEqual(expected);
      }),
      { numRuns: 1500, seed: 7 },
    );
    // Of no use if everything was refused.
    expect(accepted).toBeGreaterThan(100);
  }, 60_000);

  it('refuses every event about a row that is not there', async () => {
    for (const event of Object.keys(TRANSITIONS) as TaskEvent[]) {
      const [sample] = fc.sample(input, { numRuns: 1, seed: 1 });
      const asked = request({
        args: { input: { ...sample, id: 'missing', event } as unknown as UpdateTaskInput },
      });
      expect([await inDynalite(undefined, asked), here(undefined, asked)]).toEqual(['refused', 'refused']);
    }
  });
});
