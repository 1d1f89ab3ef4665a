import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/browser/**',
      'test/crash/**',
      'test/e2e/**',
      'test/emulator/**',
      'test/faults/**',
      'test/hostile/**',
      'test/template/**',
    ],
    testTimeout: 30_000,
    // Side by side also where there are but two processors.
    maxWorkers: '100%',
  },
});
