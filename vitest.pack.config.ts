import { defineConfig } from 'vitest/config';

/** The tests of scripts/test --pack: what `npm pack` gives, installed, under each version of Node.js that it is for. */
export default defineConfig({
  test: {
    name: 'pack',
    reporters: ['default', './test/support/reporter.ts'],
    pool: 'forks',
    // one daemon after the other may take over what another version's runs
    fileParallelism: false,
    include: ['test/pack/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/pack/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
