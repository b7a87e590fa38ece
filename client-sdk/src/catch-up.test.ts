import { describe, expect, it } from 'vitest';
import { catchUp, type Answer } from './catch-up.ts';
import { ApiError, NetworkError, UnauthorizedError } from './errors.ts';
import type { Task } from './task.ts';

const IDS = Array.from({ length: 10 }, (_unused, index) => `t${index}`);

/** Asks after ten tasks, of which no page can be had; answers what each was told, and how often one was asked for. */
const catchUpWithout = async (error: ApiError) => {
  const answers = new Map<string, Answer>();
  let asked = 0;
  const get = (id: string): Promise<Task> => {
    asked += 1;
    return Promise.resolve({ id } as Task);
  };
  await catchUp({ get, list: () => Promise.reject(error) }, IDS, (id, answer) => answers.set(id, answer));
  return { answers: IDS.map((id) => answers.get(id)), asked };
};

describe('catching up where no page can be had', () => {
  it.each([
    new NetworkError('away'),
    new ApiError('INTERNAL', 'failing'),
    new UnauthorizedError('Unauthorized', 'not you'),
  ])('leaves it at that for $code', async (error) => {
    const { answers, asked } = await catchUpWithout(error);
    expect([new Set(answers), asked]).toEqual([new Set([error]), 0]);
  });

  it('asks one by one where the page alone is to blame', async () => {
    const { answers, asked } = await catchUpWithout(new ApiError('VALIDATION', 'nextToken'));
    expect([answers, asked]).toEqual([IDS.map((id) => ({ id })), IDS.length]);
  });
});
