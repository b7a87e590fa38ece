import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{contract,resolvers,ledger,worker,infra,client-sdk,local,bench,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/browser/**'],
    // Most of the time is spent waiting: for leases, silences, processes.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
