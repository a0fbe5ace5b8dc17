import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../daemon/store/store.ts';
import { unwrap } from '../../shared/result.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, timed, type Figure } from './measure.ts';
import { nodeAlone, type Dstack } from './published.ts';

/**
 * `dstack ps` where the store has 10,000 runs of the project, against `docker ps`, and against itself with 10 runs, in turn. What Node alone takes to start and
 * to end is a line of its own: no command of ours can be quicker.
 */
export async function benchPs(dstack: Dstack, cwd: string, pairs = 20): Promise<Figure[]> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: hello\n    provider: docker\n    image: ${tinyImage}\n    commands: [echo hello]\n`,
  );
  await using many = await startDaemon({ start: false });
  await using few = await startDaemon({ start: false });
  await fill(many, cwd, 10_000);
  await fill(few, cwd, 10);
  const ours = (daemon: TestDaemon, ...options: string[]) => dstack(['ps', ...options], { cwd, env: daemon.env });
  for (const daemon of [many, few, many, few]) ours(daemon);
  const rows = Array.from({ length: pairs }, () => ({
    docker: timed('docker', ['ps'], { env: many.env }),
    node: nodeAlone(),
    many: ours(many),
    few: ours(few),
  }));
  const all = Array.from({ length: 5 }, () => ours(many, '-a'));
  const [docker, node, most, least] = (['docker', 'node', 'many', 'few'] as const).map((name) => median(rows.map((row) => row[name]))) as [
    number,
    number,
    number,
    number,
  ];
  const told = `${most.toFixed(1)} ms; docker ps ${docker.toFixed(1)} ms, node -e 0 alone ${node.toFixed(1)} ms, ${pairs} of each`;
  return [
    {
      name: 'node -e 0 : docker ps',
      value: node / docker,
      target: Infinity,
      unit: 'ratio',
      detail: 'what no program on Node can be below',
    },
    { name: 'dstack ps, 10,000 runs : docker ps', value: most / docker, target: 1.3, unit: 'ratio', detail: told },
    { name: 'dstack ps, 10,000 runs : node -e 0', value: most / node, target: Infinity, unit: 'ratio', detail: told },
    {
      name: 'dstack ps, 10,000 runs : 10 runs',
      value: most / least,
      target: 1.1,
      unit: 'ratio',
      detail: `${most.toFixed(1)} ms : ${least.toFixed(1)} ms`,
    },
    { name: 'dstack ps -a, 10,000 runs', value: median(all), target: 1500, unit: 'ms', detail: 'all of them printed' },
  ];
}

/** One run that really ran, and copies of what is recorded of it. */
async function fill(daemon: TestDaemon, cwd: string, count: number): Promise<void> {
  await daemon.start();
  const name = (await daemon.cli(['run', 'hello', '-d'], { cwd })).stdout.trim();
  await daemon.cli(['logs', '-f', name], { cwd });
  await daemon.stop();
  const store = unwrap(openStore(join(daemon.home, 'store/dstack.db')));
  const run = store.runs.byName(name);
  if (!run) throw new Error('the run to copy is not there');
  const [job] = store.jobs.ofRun(run.id);
  if (!job) throw new Error('it has no job');
  store.transaction(() => {
    for (let i = 1; i < count; i++) {
      const runId = store.runs.insert({ ...run, name: `old-run-${i}`, requestId: null });
      store.jobs.insert({ ...job, runId, open: false });
    }
  });
  store.close();
  await daemon.start();
}
