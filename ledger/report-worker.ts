import type { ReportWorkerInput } from '../contract/schema.generated.ts';
import { createGraphqlPost, type GraphqlOptions } from './graphql-post.ts';
import { LedgerUnavailableError, toUnavailable } from './update-task.ts';

/**
 * Tells what a worker is doing, and what it has. Throws `LedgerUnavailableError` when that was not taken, for whatever reason:
 * the next report says it again.
 */
export type ReportWorker = (report: ReportWorkerInput, signal?: AbortSignal) => Promise<void>;

const DOCUMENT = `mutation ReportWorker($input: ReportWorkerInput!) { reportWorker(input: $input) { id state } }`;

/** The client of the internal mutation. */
export const createWorkerReporter = (options: GraphqlOptions): ReportWorker => {
  const post = createGraphqlPost(options);
  return async (input, signal) => {
    try {
      const { status, answer } = await post(DOCUMENT, { input }, signal);
      if (answer.data?.reportWorker) return;
      const [error] = answer.errors ?? [];
      throw new LedgerUnavailableError(
        `HTTP ${status}: ${error?.message ?? 'neither a worker nor an error'}`,
      );
    } catch (error) {
      throw toUnavailable('reportWorker', error);
    }
  };
};
