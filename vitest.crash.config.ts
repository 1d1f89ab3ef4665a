import { defineConfig } from 'vitest/config';
import { TableReporter } from './test/crash/table-reporter.ts';

/**
 * Remediation whose process is killed at each of its calls to an emulated AWS, which the tests install (Python 3 is
 * needed) and start by themselves.
 */
export default defineConfig({
  test: {
    include: ['test/crash/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    // The files side by side, each with an emulator of its own, also where there are but two processors.
    maxWorkers: 2,
    reporters: ['default', new TableReporter()],
  },
});
