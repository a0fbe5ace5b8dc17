import { defineConfig } from 'vitest/config';

/** Folders whose tests need no Docker Engine: they start at once, and DOCKER_HOST leads them nowhere. */
const withoutEngine = [
  'shared',
  'daemon/scheduler',
  'daemon/providers',
  'daemon/store',
  'daemon/logs',
  'daemon/metrics',
  'daemon/notify',
  'daemon/activity',
  'daemon/environments',
  'daemon/servers',
  'cli/terminal',
  'bench/sim',
]
  .map((dir) => `test/${dir}/**/*.test.ts`)
  .concat('test/scripts/!(demo).test.ts');

export default defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    pool: 'forks',
    projects: [
      {
        test: {
          name: 'unit',
          include: withoutEngine,
          globalSetup: 'test/support/unit-setup.ts',
          env: { DOCKER_HOST: 'unix:///nonexistent/these-tests-need-no-engine.sock' },
          testTimeout: 30_000,
          // they share nothing; those with an engine come after them, one file at a time on two cores
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/**/*.test.ts'],
          exclude: [...withoutEngine, 'test/projects/**', 'test/gpu/**', 'test/servers/**'],
          globalSetup: 'test/support/global-setup.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
