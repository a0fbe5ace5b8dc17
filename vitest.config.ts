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

/**
 * One file after the other, with nothing beside it: those that do two things at once themselves, that look at how busy the processors are, that take ports of
 * this machine, or that try out what the others stand on.
 */
const alone = [
  'test/daemon/control/claims/claims-race.test.ts',
  'test/daemon/runs/{chaos,clean-end,crash,inactivity,ports,stats,watch-crash}.test.ts',
  'test/daemon/runs/torchrun*.test.ts',
  'test/support/**/*.test.ts',
];

/** Not of the default suite: they have configurations of their own. */
const elsewhere = ['test/projects/**', 'test/gpu/**', 'test/servers/**', 'test/pack/**'];

const withEngine = { globalSetup: 'test/support/global-setup.ts', testTimeout: 120_000, hookTimeout: 120_000 };

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
          // they share nothing; those with an engine come after them
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...withEngine,
          // each daemon has an installation of its own, and what must not be shared at all has an engine of its own: two files at a time, since most of it is waiting
          name: 'engine',
          include: ['test/**/*.test.ts'],
          exclude: [...withoutEngine, ...alone, ...elsewhere],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withEngine,
          name: 'alone',
          include: alone,
          exclude: withoutEngine,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
