import { defineConfig } from 'vitest/config';

/**
 * Fault injection into the deployed stack: one test after the other, each in an emulated AWS, which it installs (Python 3 is
 * needed), starts and deploys to by itself.
 */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    fileParallelism: false,
    teardownTimeout: 60_000,
  },
});
