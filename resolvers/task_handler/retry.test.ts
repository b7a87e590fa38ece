import { describe, expect, it } from 'vitest';
import type { RetryRequest } from '../../ledger/retry-task.ts';
import { createRetry } from './retry.ts';

const ID = 'a0000000-0000-4000-8000-00000000000A';
const NEW = 'b0000000-0000-4000-8000-00000000000B';

const retry = async (id: string, newId: string | null) => {
  const asked: RetryRequest[] = [];
  const run = createRetry({
    retryTask: async (request) => {
      asked.push(request);
      return {};
    },
    randomId: () => NEW,
  });
  const { error } = await run({ field: 'retryTask', owner: 'user:ann', id, newId, now: 1 });
  return { asked, error };
};

describe('retryTask', () => {
  it('makes an id where none is given, and writes ids as rows have them', async () => {
    const { asked } = await retry(ID, null);
    expect(asked).toEqual([{ owner: 'user:ann', id: ID.toLowerCase(), newId: NEW.toLowerCase(), now: 1 }]);
  });

  it.each([
    [ID, 'mine', 'VALIDATION', 'newId'],
    ['', NEW, 'NOT_FOUND', 'id'],
    ['x'.repeat(4000), NEW, 'NOT_FOUND', 'id'],
  ])('asks nobody about what can be no id', async (id, newId, code, field) => {
    const { asked, error } = await retry(id, newId);
    expect(error).toMatchObject({ code, field });
    expect(asked).toEqual([]);
  });
});
