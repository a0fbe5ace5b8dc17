import { defineConfig } from 'vitest/config';

/** The tests of scripts/test --servers: real servers in real containers, each a gigabyte of programs; two files at a time. */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    include: ['test/servers/**/*.test.ts'],
    globalSetup: 'test/servers/setup.ts',
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
