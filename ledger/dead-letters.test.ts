import { describe, expect, it } from 'vitest';
import type { UpdateTaskInput } from '../contract/schema.generated.ts';
import { createBury } from './dead-letters.ts';
import { createLogger } from './logger.ts';
import { LedgerUnavailableError, type Verdict } from './update-task.ts';

const ID = '0b38f3a2-6a3f-4a0e-9a53-0d6f3f6b1c11';

const letter = (messageId: string, body: unknown = { v: 1, taskId: ID, dispatch: 3 }) => ({
  messageId,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const createWorld = (answer: Verdict | Error) => {
  const told: UpdateTaskInput[] = [];
  const lines: string[] = [];
  const bury = createBury({
    ledger: {
      tell: async (event) => {
        told.push(event);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    logger: createLogger((line) => lines.push(line)),
  });
  return { bury, told, lines };
};

const ACCEPTED = { accepted: true, task: {} } as Verdict;

describe('a dead message', () => {
  it('ends its task under its own number, saying why', async () => {
    const { bury, told } = createWorld(ACCEPTED);
    expect(await bury([letter('m')])).toEqual([]);
    expect(told).toEqual([
      {
        id: ID,
        event: 'dead',
        dispatch: 3,
        error: { code: 'UNDELIVERABLE', message: 'Its message came back too often.', retryable: true },
      },
    ]);
  });

  it('is recorded and acknowledged where the ledger refuses: the task has gone on without it', async () => {
    const { bury, lines } = createWorld({ accepted: false, code: 'NOT_ALLOWED', message: 'no' });
    expect(await bury([letter('m')])).toEqual([]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ messageId: 'm', taskId: ID, code: 'NOT_ALLOWED' });
  });

  it.each([
    ['not json'],
    [{ v: 2, taskId: ID, dispatch: 1 }],
    [{ v: 1, taskId: 'a secret garden', dispatch: 1 }],
  ])('that is malformed is recorded and acknowledged, and what it says is in no log: %j', async (body) => {
    const { bury, told, lines } = createWorld(ACCEPTED);
    const secret = typeof body === 'string' ? body : { ...body, prompt: 'a secret garden' };
    expect(await bury([letter('m', secret)])).toEqual([]);
    expect(told).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/secret garden|not json/);
  });

  it('comes again where nobody was there to decide, and only that one', async () => {
    const { bury } = createWorld(new LedgerUnavailableError('timeout'));
    expect(await bury([letter('m1'), letter('m2', 'not json')])).toEqual(['m1']);
  });
});
