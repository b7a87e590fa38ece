import { defineConfig } from 'vitest/config';

/** What needs a browser. Apart from the rest, since `npm test` needs npm packages only. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // One browser and one stack at a time: each is several processes.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
