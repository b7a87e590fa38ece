import { type ApiError, toApiError, UnauthorizedError } from './errors.ts';
import type { Task } from './task.ts';
import type { Transport } from './transport.ts';

/** What became of the question after one task; null: there is none that the caller may see. */
export type Answer = Task | null | ApiError;

/** So few are asked for one by one. */
const FEW = 4;
/** Queries under way at a time. */
const CONCURRENCY = 4;
const PAGE = 100;

/**
 * Asks after many tasks at once. What is watched is mostly new, and tasks are listed newest first: a page answers up to a
 * hundred for the price of one call. What the pages do not hold is asked for by its id. Never rejects.
 */
export const catchUp = async (
  transport: Pick<Transport, 'get' | 'list'>,
  ids: readonly string[],
  onAnswer: (id: string, answer: Answer) => void,
): Promise<void> => {
  const missing = new Set(ids);
  const answered = (id: string, answer: Answer): void => {
    if (missing.delete(id)) onAnswer(id, answer);
  };
  try {
    for (let nextToken: string | null = null; missing.size > FEW;) {
      const before = missing.size;
      const page = await transport.list({ limit: PAGE, nextToken });
      for (const task of page.items) answered(task.id, task);
      nextToken = page.nextToken;
      if (nextToken === null || missing.size === before) break;
    }
  } catch (thrown) {
    const error = toApiError(thrown);
    // An API that is away is not asked hundreds of times. What is wrong with a page alone says nothing about a task.
    const isAboutAll = error.isRetryable || error instanceof UnauthorizedError;
    if (isAboutAll) for (const id of [...missing]) answered(id, error);
  }
  const left = [...missing];
  const askInTurn = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      answered(id, await transport.get(id).catch((thrown: unknown) => toApiError(thrown, id)));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, askInTurn));
};
