import { defineConfig } from 'vitest/config';

/**
 * A storm of faults over the deployed stack in an emulated AWS, which it installs (Python 3 is needed), starts and
 * deploys to by itself.
 */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    teardownTimeout: 60_000,
  },
});
