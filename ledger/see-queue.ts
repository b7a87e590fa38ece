import type { Queue } from '../contract/schema.generated.ts';
import { createGraphqlPost, type GraphqlOptions } from './graphql-post.ts';
import { toUnavailable } from './update-task.ts';

/** What a worker goes by when it thinks of leaving. */
export type SeenQueue = Pick<
  Queue,
  | 'ageSeconds'
  | 'queued'
  | 'returning'
  | 'gpuSeconds'
  | 'targetWaitSeconds'
  | 'idleSeconds'
  | 'instances'
  | 'members'
>;

/** How busy a pool is. Undefined: nobody has looked yet. Throws `LedgerUnavailableError` when that can't be learned. */
export type SeeQueue = (pool: string, signal?: AbortSignal) => Promise<SeenQueue | undefined>;

const DOCUMENT = `query Queue($pool: ID) {
  queue(pool: $pool) { ageSeconds queued returning gpuSeconds targetWaitSeconds idleSeconds instances { min } members { id state } }
}`;

export const createSeeQueue = (options: GraphqlOptions): SeeQueue => {
  const post = createGraphqlPost(options);
  return async (pool, signal) => {
    try {
      const { status, answer } = await post(DOCUMENT, { pool }, signal);
      if (answer.data && 'queue' in answer.data && !answer.errors?.length) {
        return (answer.data.queue as SeenQueue | null) ?? undefined;
      }
      throw new Error(`HTTP ${status}: ${answer.errors?.[0]?.message ?? 'neither a queue nor an error'}`);
    } catch (error) {
      throw toUnavailable('queue', error);
    }
  };
};
