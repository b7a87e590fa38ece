import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { FLEET_STALE_SECONDS, SUMMARY_ID, type FleetSummary } from '../../contract/fleet.ts';
import type { TaskRow } from '../../contract/task.ts';
import { toWakeBody, type WakeMessage } from '../../contract/wake.ts';
import type { Logger } from '../../ledger/logger.ts';

/** Has the fleet looked at when nobody is there to take the task. Never rejects: within a minute it is looked at anyway. */
export type Wake = (row: TaskRow) => Promise<void>;

export interface WakeDependencies {
  readonly readSummary: (pool: string) => Promise<Pick<FleetSummary, 'at' | 'decision'> | undefined>;
  readonly send: (message: WakeMessage) => Promise<void>;
  readonly clock: () => number;
  readonly warn: Logger['warn'];
}

/** How long it is remembered that a fleet is up, and that it was woken: a burst costs one call of each. */
const UP_MS = 5000;
const WOKEN_MS = 10_000;

export const createWake = ({ readSummary, send, clock, warn }: WakeDependencies): Wake => {
  const quietUntil = new Map<string, number>();

  const isAsleep = async (pool: string): Promise<boolean> => {
    const summary = await readSummary(pool);
    // Nobody has looked for a while: whoever does so now harms nobody.
    return !summary || summary.decision.desired === 0 || clock() - summary.at > FLEET_STALE_SECONDS * 1000;
  };

  return async ({ id, pool }) => {
    if (clock() < (quietUntil.get(pool) ?? 0)) return;
    try {
      const asleep = await isAsleep(pool);
      quietUntil.set(pool, clock() + (asleep ? WOKEN_MS : UP_MS));
      if (asleep) await send({ v: 1, pool, taskId: id });
    } catch (error) {
      quietUntil.delete(pool);
      warn('The fleet was not woken', { pool, error: String(error) });
    }
  };
};

export const createReadSummary =
  (options: { dynamodb: DynamoDBClient; tableName: string }): WakeDependencies['readSummary'] =>
  async (pool) => {
    const { Item } = await options.dynamodb.send(
      new GetItemCommand({ TableName: options.tableName, Key: { pool: { S: pool }, id: { S: SUMMARY_ID } } }),
    );
    // Written by the scaler alone, in this very shape.
    return Item && (unmarshall(Item) as FleetSummary);
  };

export const createSendWake =
  (options: { sqs: SQSClient; url: string }): WakeDependencies['send'] =>
  async (message) => {
    await options.sqs.send(
      new SendMessageCommand({ QueueUrl: options.url, MessageBody: toWakeBody(message) }),
    );
  };
