import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{contract,resolvers,ledger,worker,infra,client-sdk,local,bench,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/browser/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
