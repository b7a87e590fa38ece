import { DEFAULT_POOL } from '../../contract/fleet.ts';
import { CATALOGUE_LIMITS, WORKER_STALE_SECONDS, type Catalogue } from '../../contract/worker.ts';
import type { Logger } from '../../ledger/logger.ts';
import type { ReadRoster, Report } from './roster.ts';

/** The names of which some worker of the pool that is up has each, by list; without a list that may not be the whole one. */
export type Names = { readonly [K in keyof Catalogue]: ReadonlySet<string> | undefined };

/** Undefined while no worker of the pool has said what it has. */
export type ReadNames = (now: number, pool: string) => Promise<Names | undefined>;

const FRESH_MS = 30_000;

/**
 * Keeps what it read for half a minute, since workers report once in a whole one. A roster that can't be read is none: names
 * are then accepted unchecked, and the worker looks them up once more anyway.
 */
export const createReadNames = (options: { readRoster: ReadRoster; warn: Logger['warn'] }): ReadNames => {
  const { readRoster, warn } = options;
  let kept: { readonly at: number; readonly reports: readonly Report[] } | undefined;

  return async (now, pool) => {
    if (!kept || now - kept.at >= FRESH_MS) {
      try {
        kept = { at: now, reports: await readRoster() };
      } catch (error) {
        warn('The roster of workers could not be read', { error: String(error) });
        kept = { at: now, reports: [] };
      }
    }
    return toNames(
      kept.reports.filter((report) => (report.pool ?? DEFAULT_POOL) === pool),
      kept.at,
    );
  };
};

const toNames = (reports: readonly Report[], now: number): Names | undefined => {
  const catalogues = reports
    .filter(({ updatedAt }) => updatedAt >= now - WORKER_STALE_SECONDS * 1000)
    .flatMap(({ catalogue }) => catalogue ?? []);
  if (catalogues.length === 0) return undefined;
  const all = (list: keyof Catalogue): ReadonlySet<string> | undefined => {
    const lists = catalogues.map((catalogue) => catalogue[list]);
    const goesOn = lists.some(({ length }) => length >= CATALOGUE_LIMITS.namesPerList);
    return goesOn ? undefined : new Set(lists.flat());
  };
  return {
    checkpoints: all('checkpoints'),
    vaes: all('vaes'),
    loras: all('loras'),
    upscalers: all('upscalers'),
    samplers: all('samplers'),
    schedulers: all('schedulers'),
  };
};
