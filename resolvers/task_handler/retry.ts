import type { HandlerAnswer, HandlerRequest } from '../../contract/handler.ts';
import type { RetryTask } from '../../ledger/retry-task.ts';
import { invalid, isUuid } from './invalid.ts';

type RetryRequest = Extract<HandlerRequest, { field: 'retryTask' }>;

/** What the API's `retryTask` adds to the ledger's: an id where none is given. */
export const createRetry =
  ({ retryTask, randomId }: { readonly retryTask: RetryTask; readonly randomId: () => string }) =>
  async ({ owner, id, newId: givenId, now }: RetryRequest): Promise<HandlerAnswer> => {
    const newId = (givenId ?? randomId()).toLowerCase();
    if (!isUuid(newId)) return invalid('newId', 'must be a UUID');
    if (!isUuid(id)) return { error: { code: 'NOT_FOUND', field: 'id', message: `There is no task ${id}.` } };
    return retryTask({ owner, id: id.toLowerCase(), newId, now });
  };
