import { defineConfig } from 'vitest/config';

/** Tests of the stack as `sls package` makes it, which they have it do, into `.serverless/`. */
export default defineConfig({
  test: {
    include: ['test/template/**/*.test.ts'],
    globalSetup: ['test/template/package.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
