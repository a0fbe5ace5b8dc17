/**
 * A watch left alone with many edits: each attempt must see exactly its files, and nothing may pile up. The daemon is killed (SIGKILL) on the way.
 *
 *     node test/bench/watch-soak.ts --edits 1000
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { RunDetail } from '../../shared/api.ts';
import { must } from '../support/command.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { leftovers } from '../support/engine-leftovers.ts';
import setup from '../support/global-setup.ts';
import { waitFor } from '../support/wait-for.ts';
import { median, percentile } from './measure.ts';
import { rerunsOf } from '../daemon/watching/watch-lab.ts';
import { hashOfTree, soakProject } from './soak-project.ts';

export interface Stand {
  edits: number;
  /** of the daemon: MB, open files */
  memory: number;
  descriptors: number;
  containers: number;
  volumes: number;
  /** of its home (MB), and the snapshots and trees in it */
  disk: number;
  snapshots: number;
  trees: number;
}

export interface Soaked {
  stands: Stand[];
  /** ms from the last write of an edit to the line that its attempt printed */
  times: number[];
  /** attempts that saw files that were not there, or left ones of another */
  wrong: string[];
  attempts: number;
  /** ms from the first change being seen to the attempt being asked for, and to its begin */
  asked: number[];
  begun: number[];
}

/** So many edits one after the other, `stands` after these many of them. Every tenth is a burst that nobody waits for. */
export async function soak(
  daemon: TestDaemon,
  { edits, stands, killAt }: { edits: number; stands: number[]; killAt: number[] },
): Promise<Soaked> {
  const project = soakProject();
  const { stdout } = await daemon.cli(['run', 'hash', '--watch', '-d'], { cwd: project.dir });
  const name = stdout.trim();
  const result: Soaked = { stands: [], times: [], wrong: [], attempts: 0, asked: [], begun: [] };
  /** every state that the files were ever in */
  const states = new Set([project.hash()]);
  /** A snapshot may be taken in the middle of an edit: it counts what the attempt was given. */
  const wasGiven = (hash: string, attempt: number): boolean => {
    const tree = rerunsOf(daemon.home, name).find(({ number }) => number === attempt)?.tree;
    return tree !== undefined && hashOfTree(daemon.home, tree) === hash;
  };
  let last = '';
  const follow = spawn(join(import.meta.dirname, '../../scripts/dstack'), ['logs', '-f', name], {
    cwd: project.dir,
    env: daemon.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: follow.stdout }).on('line', (line) => {
    const [, hash = '', left, attempt] = /sees (\w+) left (\d+) in (\d+)/.exec(line) ?? [];
    if (hash === '') return;
    result.attempts++;
    if (left !== '0' || !(states.has(hash) || wasGiven(hash, Number(attempt)))) result.wrong.push(line);
    last = hash;
  });
  const seen = (hash: string): Promise<boolean> =>
    waitFor(() => last === hash, `the attempt that sees ${hash} after ${result.times.length} edits (the last saw ${last})`, {
      seconds: 60,
      every: 1,
    });
  try {
    await seen(project.hash());
    for (let i = 1; i <= edits; i++) {
      if (killAt.includes(i)) {
        await daemon.kill();
        states.add(project.edit());
        await daemon.start();
      }
      const burst = i % 10 === 0 ? 5 : 1;
      for (let n = 0; n < burst; n++) states.add(project.edit());
      const written = performance.now();
      await seen(project.hash());
      if (!killAt.includes(i)) result.times.push(performance.now() - written);
      if (stands.includes(i)) result.stands.push(await standOf(daemon, i));
    }
    const run = await daemon.json<RunDetail>(['ps', name], { cwd: project.dir });
    for (const { seenAt, askedAt, startedAt, cause } of rerunsOf(daemon.home, name)) {
      if (seenAt === null || cause !== 'change') continue;
      result.asked.push(askedAt - seenAt);
      if (startedAt !== null) result.begun.push(startedAt - seenAt);
    }
    if (run.status !== 'running') result.wrong.push(`the run is ${run.status}`);
  } finally {
    follow.kill();
    await daemon.cli(['stop', name], { cwd: project.dir });
  }
  return result;
}

async function standOf(daemon: TestDaemon, edits: number): Promise<Stand> {
  const status = await daemon.status();
  const pid = status?.pid ?? 0;
  const owner = { home: daemon.home, installation: status?.installation ?? null };
  const { containers, volumes } = await leftovers(daemon.engine, owner);
  const [size = ''] = (await must('du', ['-s', '--block-size=1000', daemon.home])).split('\t');
  const shadows = join(daemon.home, 'snapshots');
  const refs = readdirSync(shadows).flatMap((one) => readdirSync(join(shadows, one, 'refs/dstack/trees')));
  return {
    edits,
    memory: Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    containers: containers.length,
    volumes: volumes.length,
    disk: Number(size) / 1000,
    snapshots: refs.length,
    trees: readdirSync(join(daemon.home, 'trees')).length,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { edits: { type: 'string', default: '1000' } } });
  const edits = Number(values.edits);
  const close = await setup();
  try {
    await using daemon = await startDaemon();
    const from = performance.now();
    const stands = [1, Math.min(100, Math.floor(edits / 2)), ...Array.from({ length: 4 }, (_, i) => Math.floor((edits * (i + 1)) / 4))];
    const { stands: stood, times, wrong, attempts, asked, begun } = await soak(daemon, { edits, stands, killAt: [Math.floor(edits / 2)] });
    console.table(stood);
    console.log(`${edits} edits, ${attempts} attempts in ${((performance.now() - from) / 1000).toFixed(0)} s; the daemon was killed once`);
    console.log(`save → its attempt's line: median ${median(times).toFixed(0)} ms, 95 % ${percentile(times, 0.95).toFixed(0)} ms`);
    const both = (values: number[]): string => `median ${median(values).toFixed(0)} ms, 95 % ${percentile(values, 0.95).toFixed(0)} ms`;
    console.log(`seen → asked for: ${both(asked)}; seen → begun: ${both(begun)}`);
    console.log(wrong.length === 0 ? 'every attempt saw exactly its files' : `WRONG:\n${wrong.join('\n')}`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await close();
  }
}
