/**
 * Leaves nothing of a test's folder behind: processes, containers, mounts, bridges, files. Also runs in the guard (guard.ts), after a test
 * run that died, so it takes nothing for granted but the folder.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeBridges } from './bridge.ts';
import { command } from './command.ts';
import { descendants, isAlive, processesNaming, processesWith, programIs, signal } from './processes.ts';
import { waitFor } from './wait-for.ts';

/** The variable that everything started by a test run inherits, with the run's folder as value. */
export const testDirVariable = 'DSTACK_TEST_DIR';

/** Ends, unmounts and deletes all that belongs to `dir`. Returns what it could not do, one sentence each. */
export async function reap(dir: string): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await attempt('end processes', () => endProcesses(dir));
  await attempt('unmount', () => unmountBelow(dir));
  for (const engine of enginesIn(dir)) await attempt('remove bridges', () => removeBridges(engine));
  await attempt('delete', async () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return problems;
}

/** First what runs in containers (so that engines need not wait for it), then the engines politely, then the rest. */
async function endProcesses(dir: string): Promise<void> {
  const ours = () => [...new Set([...processesNaming(dir), ...processesWith(testDirVariable, dir)])];
  for (const pid of ours().filter((pid) => !isEngine(pid))) {
    if (programIs(pid, 'containerd-shim')) for (const inside of descendants(pid)) signal(inside, 'SIGKILL');
    else signal(pid, 'SIGKILL');
  }
  const engines = ours().filter((pid) => programIs(pid, 'dockerd'));
  for (const pid of engines) signal(pid, 'SIGTERM');
  await waitFor(() => engines.every((pid) => !isAlive(pid)), 'dockerd to stop', { seconds: 10 }).catch(() => undefined);
  await waitFor(
    () => {
      const left = ours();
      for (const pid of left) signal(pid, 'SIGKILL');
      return left.every((pid) => !isAlive(pid));
    },
    `the processes of ${dir} to end`,
    { seconds: 10 },
  );
}

const isEngine = (pid: number): boolean =>
  ['dockerd', 'containerd', 'docker-proxy'].some((name) => programIs(pid, name)) && !programIs(pid, 'containerd-shim');

/** Unmounts everything at or below `dir`, the deepest first. */
export async function unmountBelow(dir: string): Promise<void> {
  for (const point of mountsBelow(dir)) {
    const { code } = await command('umount', [point]);
    if (code !== 0) await command('umount', ['-l', point]);
  }
  const left = mountsBelow(dir);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
}

function mountsBelow(dir: string): string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[1] ?? '').replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 8))),
    );
  return points.filter((point) => point === dir || point.startsWith(`${dir}/`)).toReversed();
}

/** Folders of engines: `dir` itself or those directly in it. */
const enginesIn = (dir: string): string[] =>
  existsSync(dir) ? [dir, ...readdirSync(dir).map((name) => join(dir, name))].filter((path) => existsSync(join(path, 'bridge'))) : [];
