import type { DataSource } from '../types.ts';

/** Answers what the request handler put under `payload`. */
export const createNoneDataSource = (name: string): DataSource => ({
  name,
  type: 'NONE',
  invoke: (request) => Promise.resolve((request as { payload?: unknown } | null)?.payload ?? null),
});
