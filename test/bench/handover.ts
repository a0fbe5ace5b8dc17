import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../shared/api.ts';
import { untilStatus } from '../daemon/runs/fixture.ts';
import { startDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, timed, type Figure } from './measure.ts';

/**
 * From the end of one container (the engine's word) to the moment the engine is told to start the next one, which waited for what the first had.
 * What the engine then needs is its own: beside it stand the time until it says that the container runs, and `docker run -d`.
 */
export async function benchHandover(cwd: string, rounds = 8): Promise<Figure> {
  await using daemon = await startDaemon({ env: { DSTACK_LOG: 'debug' } });
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n- name: holds\n  provider: bash\n  commands: ['sleep 0.7']\n  resources: {cpu: ${availableParallelism()}}\n`,
  );
  const names: string[] = [];
  for (let i = 0; i <= rounds; i++) names.push((await daemon.cli(['run', 'holds', '-d'], { cwd })).stdout.trim());
  const runs: Run[] = [];
  for (const name of names) runs.push(await untilStatus(daemon, cwd, name, 'done'));
  const log = daemon.log().split('\n');
  const startOf = (name: string): number => {
    const line = log.find((text) => text.includes('"startContainer"') && text.includes(`"${name}"`));
    return Date.parse((JSON.parse(line ?? '{}') as { time?: string }).time ?? '');
  };
  const pairs = runs.slice(1).map((run, i) => {
    const end = Date.parse(runs[i]?.finishedAt ?? '');
    return { told: startOf(run.name) - end, started: Date.parse(run.startedAt ?? '') - end };
  });
  const theirs = Array.from({ length: rounds }, () => timed('docker', ['run', '-d', '--rm', tinyImage, 'true'], { env: daemon.env }));
  const ms = (values: number[]): string => `${median(values).toFixed(0)} ms`;
  return {
    name: 'from one end to the next start',
    value: median(pairs.map(({ told }) => told)),
    target: 200,
    unit: 'ms',
    detail: `${rounds} times; until it runs ${ms(pairs.map(({ started }) => started))}, docker run -d alone ${ms(theirs)}`,
  };
}
