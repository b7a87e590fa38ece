import type { CatalogueInput, ReportWorkerInput } from '../contract/schema.generated.ts';
import { CATALOGUE_LIMITS as LIMITS } from '../contract/worker.ts';
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
      const { status, answer } = await post(DOCUMENT, { input: fit(input) }, signal);
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

/** What has more names than a report holds is told all the same: a list that is full counts as one that goes on. */
const fit = (input: ReportWorkerInput): ReportWorkerInput => {
  if (!input.catalogue) return input;
  const cut = (names: readonly string[]): string[] =>
    names.filter(({ length }) => length > 0 && length <= LIMITS.nameCharacters).slice(0, LIMITS.namesPerList);
  const { checkpoints, vaes, loras, upscalers, samplers, schedulers } = input.catalogue;
  const catalogue: CatalogueInput = {
    checkpoints: cut(checkpoints),
    vaes: cut(vaes),
    loras: cut(loras),
    upscalers: cut(upscalers),
    samplers: cut(samplers),
    schedulers: cut(schedulers),
  };
  const characters = Object.values(catalogue).flat().join('').length;
  return { ...input, catalogue: characters > LIMITS.characters ? null : catalogue };
};
