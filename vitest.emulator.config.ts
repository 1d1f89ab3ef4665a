import { defineConfig } from 'vitest/config';
import { filesOf } from './test/suite.ts';

/** Tests against an emulated AWS, which they install (Python 3 is needed) and start by themselves. */
export default defineConfig({
  test: {
    include: [...filesOf('emulator')],
    globalSetup: ['test/emulator/moto.ts'],
    testTimeout: 60_000,
    // Side by side also where there are but two processors: the files use Regions, tables and ids of their own.
    maxWorkers: '100%',
    hookTimeout: 60_000,
  },
});
