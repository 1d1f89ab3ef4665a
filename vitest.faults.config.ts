import { defineConfig } from 'vitest/config';

/**
 * Storms of faults over the deployed stack, one after the other, each in an emulated AWS, which it installs (Python 3 is
 * needed), starts and deploys to by itself.
 */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    fileParallelism: false,
    teardownTimeout: 60_000,
  },
});
