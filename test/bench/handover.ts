import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../shared/api.ts';
import { untilStatus } from '../daemon/runs/fixture.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, timed, type Figure } from './measure.ts';

/**
 * From the end of one container to the start of the next one, which waited for what the first had: both by the engine's own clock. Beside it, what
 * the engine alone needs for `docker run -d`.
 */
export async function benchHandover(daemon: TestDaemon, cwd: string, rounds = 8): Promise<Figure> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n- name: holds\n  provider: bash\n  commands: ['sleep 0.7']\n  resources: {cpu: ${availableParallelism()}}\n`,
  );
  const names: string[] = [];
  for (let i = 0; i <= rounds; i++) names.push((await daemon.cli(['run', 'holds', '-d'], { cwd })).stdout.trim());
  const runs: Run[] = [];
  for (const name of names) runs.push(await untilStatus(daemon, cwd, name, 'done'));
  const gaps = runs.slice(1).map((run, i) => Date.parse(run.startedAt ?? '') - Date.parse(runs[i]?.finishedAt ?? ''));
  const theirs = median(
    Array.from({ length: rounds }, () => timed('docker', ['run', '-d', '--rm', tinyImage, 'true'], { env: daemon.env })),
  );
  return {
    name: 'from one end to the next start',
    value: median(gaps),
    target: 200,
    unit: 'ms',
    detail: `${rounds} times, ${Math.min(...gaps)} to ${Math.max(...gaps)} ms; docker run -d alone: ${theirs.toFixed(0)} ms`,
  };
}
