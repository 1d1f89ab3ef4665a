import { defineConfig } from 'vitest/config';

/** A hundred thousand hostile messages through the live pipeline: too many for every run of all tests. */
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    testTimeout: 300_000,
    // Also where there are only two processors: the evaluators in one file, remediation and operators beside it.
    maxWorkers: 2,
  },
});
