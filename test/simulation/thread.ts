import { parentPort, workerData } from 'node:worker_threads';
import { loadResolvers } from './load.ts';

/* One of several searches at a time, each with a seed of its own. */

export interface ThreadWork {
  readonly histories: number;
  readonly seed: number;
  readonly timeLimitMs?: number;
}

export type ThreadMessage = { readonly progress: number } | { readonly findings: object };

const resolvers = await loadResolvers();
const { search } = await import('./search.ts');
const findings = await search({
  resolvers,
  ...(workerData as ThreadWork),
  onProgress: (progress) => parentPort?.postMessage({ progress } satisfies ThreadMessage),
});
parentPort?.postMessage({ findings } satisfies ThreadMessage);
