import { defineConfig } from 'vitest/config';
import { filesOf } from './test/suite.ts';

/**
 * Tests against the deployed stack in an emulated AWS, which they install (Python 3 is needed), start and deploy to
 * by themselves. One file after the other: they share the stack.
 */
export default defineConfig({
  test: {
    include: [...filesOf('e2e')],
    globalSetup: ['test/e2e/global-setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 180_000,
    teardownTimeout: 120_000,
    fileParallelism: false,
  },
});
