import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Run } from '../../shared/api.ts';
import { startDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { waitFor } from '../support/wait-for.ts';
import { residentMb, type Figure } from './measure.ts';
import type { Dstack } from './published.ts';

/** What the daemon takes with 100 jobs that run and print something now and then. */
export async function benchJobs(dstack: Dstack, cwd: string, count = 100): Promise<Figure> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  const command = 'while :; do echo still here; sleep 5; done';
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: long\n    provider: docker\n    image: ${tinyImage}\n    commands: ['${command}']\n`,
  );
  await using daemon = await startDaemon({ start: false, config: { grace_period: '1s' } });
  dstack(['daemon', 'start'], { env: daemon.env });
  const pid = (await daemon.status())?.pid ?? 0;
  const before = residentMb(pid);
  for (let i = 0; i < count; i++) dstack(['run', 'long', '-d'], { cwd, env: daemon.env });
  const running = async (): Promise<boolean> => {
    const runs = await daemon.json<Run[]>(['ps'], { cwd });
    return runs.filter((run) => run.status === 'running').length === count;
  };
  await waitFor(running, `${count} jobs to run`, { seconds: 240, every: 1000 });
  await pause(15_000);
  const value = residentMb(pid);
  dstack(['stop', '-a', '-x', '-y'], { cwd, env: daemon.env });
  await waitFor(async () => (await daemon.status())?.unfinishedRuns === 0, 'the jobs to end', { seconds: 240, every: 1000 });
  return {
    name: `daemon with ${count} running jobs`,
    value,
    target: 150,
    unit: 'MB',
    detail: `resident set; ${before.toFixed(0)} MB without any`,
  };
}
