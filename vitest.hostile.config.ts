import { defineConfig } from 'vitest/config';

/** A hundred thousand hostile messages through the live pipeline: too many for every run of all tests. */
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    testTimeout: 300_000,
    // The evaluators' files side by side, also where there are but two processors.
    maxWorkers: 2,
  },
});
