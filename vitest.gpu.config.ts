import { defineConfig } from 'vitest/config';

/** The tests of scripts/test-gpu, one file after the other: they share the machine's GPUs. */
export default defineConfig({
  test: {
    reporters: ['verbose', './test/support/reporter.ts'],
    pool: 'forks',
    include: ['test/gpu/**/*.test.ts'],
    globalSetup: 'test/support/unit-setup.ts',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
