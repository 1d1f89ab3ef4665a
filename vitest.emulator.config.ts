import { defineConfig } from 'vitest/config';

/** Tests against an emulated AWS, which they install (Python 3 is needed) and start by themselves. */
export default defineConfig({
  test: {
    include: ['test/emulator/**/*.test.ts'],
    globalSetup: ['test/emulator/moto.ts'],
    testTimeout: 60_000,
    // Side by side also where there are but two processors: the files use Regions, tables and ids of their own.
    maxWorkers: '100%',
    hookTimeout: 60_000,
  },
});
