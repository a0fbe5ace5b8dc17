/**
 * How long a snapshot of 10,000 files takes after an edit, against `git status` of the same files in the same run. `node test/bench/snapshot.ts`
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSnapshots } from '../../daemon/snapshots/create-snapshots.ts';
import { unwrap } from '../../shared/result.ts';
import { type Figure, median } from './measure.ts';

interface Pair {
  snapshot: number;
  status: number;
}

const pairs = 10;
const run = promisify(execFile);

/** The ratio of the medians over 10 pairs, each after one edit. */
export async function benchSnapshot(): Promise<Figure> {
  const measured: Pair[] = [];
  const base = mkdtempSync(join(tmpdir(), 'dstack-bench-'));
  try {
    const project = makeProject(join(base, 'project'));
    const snapshots = createSnapshots({
      ...{ dir: join(base, 'home/snapshots'), treesDir: join(base, 'home/trees'), workspacesDir: join(base, 'home/workspaces') },
      ...{ warnBytes: () => 200e6, maxBytes: () => 1e9, deleteAsRoot: () => Promise.resolve() },
    });
    unwrap(await snapshots.take(project));
    for (let i = 0; i < pairs + 1; i++) {
      writeFileSync(join(project, `package${i}/module1.py`), `edit ${i} of ${Date.now()}\n`);
      const snapshot = await time(async () => unwrap(await snapshots.take(project)));
      const status = await time(() => run('git', ['status', '--porcelain'], { cwd: project }));
      // the first pair warms both
      if (i > 0) measured.push({ snapshot, status });
    }
    const snapshot = median(measured.map((pair) => pair.snapshot));
    const status = median(measured.map((pair) => pair.status));
    return {
      name: 'snapshot / git status',
      value: snapshot / status,
      target: 2,
      unit: 'ratio',
      detail: `10,000 files after one edit: ${snapshot.toFixed(1)} ms / ${status.toFixed(1)} ms, ${pairs} pairs`,
    };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function makeProject(dir: string): string {
  for (let d = 0; d < 100; d++) {
    mkdirSync(join(dir, `package${d}/inner`), { recursive: true });
    for (let f = 0; f < 100; f++) {
      writeFileSync(join(dir, `package${d}/${f % 2 ? '' : 'inner/'}module${f}.py`), `print(${d}, ${f})\n`.repeat(20));
    }
  }
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=B', '-c', 'user.email=b@example.com', ...args], { cwd: dir });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'start');
  git('status', '--porcelain');
  return dir;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** For a bench runner that takes them all alike. */
export async function bench(): Promise<{ name: string; ratio: number; target: number }[]> {
  const { name, value, target } = await benchSnapshot();
  return [{ name, ratio: value, target }];
}

if (import.meta.main) {
  const { name, value, target, detail } = await benchSnapshot();
  console.log(`${name}: ${value.toFixed(2)} (at most ${target}; ${detail})`);
}
