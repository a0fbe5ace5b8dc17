import { afterAll, beforeAll } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { startDaemon, type DaemonOptions, type TestDaemon } from '../../support/daemon.ts';
import { leftovers } from '../../support/engine-leftovers.ts';
import { waitFor } from '../../support/wait-for.ts';

/** One daemon for the tests of a file. */
export function daemonOfFile(options?: DaemonOptions): { readonly daemon: TestDaemon } {
  let daemon: TestDaemon | null = null;
  beforeAll(async () => {
    daemon = await startDaemon(options);
  });
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
  });
  return {
    get daemon() {
      if (!daemon) throw new Error('the daemon of the file is not started');
      return daemon;
    },
  };
}

/** The newest run of the project in `cwd`. */
export async function lastRun(daemon: TestDaemon, cwd: string): Promise<Run> {
  const [run] = await daemon.json<Run[]>(['ps', '-a'], { cwd });
  if (!run) throw new Error('there is no run');
  return run;
}

/** The run as soon as it has one of these statuses. */
export const untilStatus = (daemon: TestDaemon, cwd: string, name: string, ...statuses: string[]): Promise<Run> =>
  waitFor(
    async () => {
      const runs = await daemon.json<Run[]>(['ps', '-a'], { cwd });
      return runs.find((run) => run.name === name && statuses.includes(run.status));
    },
    `${name} to be ${statuses.join(' or ')}`,
    { seconds: 60, every: 100 },
  );

export const ended = ['done', 'failed', 'stopped', 'aborted'];

/** Resolves when nothing of the daemon's is left on the engine. */
export async function untilNothingIsLeft(daemon: TestDaemon): Promise<void> {
  const installation = (await daemon.status())?.installation ?? null;
  const nothing = async () => {
    const { containers, volumes } = await leftovers(daemon.engine, { home: daemon.home, installation });
    return containers.length + volumes.length === 0;
  };
  await waitFor(nothing, 'the containers and volumes to go', { seconds: 30 });
}
