import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createSnapshots } from '../../../daemon/snapshots/create-snapshots.ts';
import type { SnapshotOptions } from '../../../daemon/snapshots/room.ts';
import type { Snapshot, Snapshots } from '../../../daemon/snapshots/snapshots.ts';
import { unwrap } from '../../../shared/result.ts';

/** A fresh directory that goes when the test ends. */
export function tempDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dstack-snapshots-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Snapshots in a home of their own; `options` overrides. */
export function snapshotsIn(home: string, options: Partial<SnapshotOptions> = {}): Snapshots {
  return createSnapshots({
    dir: join(home, 'snapshots'),
    workspacesDir: join(home, 'workspaces'),
    treesDir: join(home, 'trees'),
    warnBytes: () => 200e6,
    maxBytes: () => 1e9,
    deleteAsRoot: () => Promise.reject(new Error('not expected')),
    ...options,
  });
}

/** Writes files (path → content) below a directory. */
export function write(dir: string, files: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
}

/** The user's git, with an identity and no configuration of this machine. */
export function git(dir: string, ...args: string[]): string {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' };
  const identity = [
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.com',
    '-c',
    'init.defaultBranch=main',
    '-c',
    'protocol.file.allow=always',
  ];
  return execFileSync('git', [...identity, ...args], { cwd: dir, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** A repository in which `files` are committed. */
export function repository(files: Record<string, string | Buffer>, dir: string = tempDir()): string {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '-q');
  write(dir, files);
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '--allow-empty', '-m', 'start');
  return dir;
}

/** Everything below a directory but `.git`, by path (bytes as latin1): kind, exec bit and content or target. */
export function contents(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    for (const entry of readdirSync(Buffer.from(`${dir}/${path}`, 'latin1'), { encoding: 'buffer' })) {
      const name = entry.toString('latin1');
      if (name === '.git') continue;
      const at = Buffer.from(`${dir}/${path}${name}`, 'latin1');
      const stat = lstatSync(at);
      if (stat.isDirectory()) walk(`${path}${name}/`);
      else if (stat.isSymbolicLink()) found[path + name] = `link ${readlinkSync(at, { encoding: 'latin1' })}`;
      else if (stat.isFile()) found[path + name] = `${stat.mode & 0o100 ? 'exec' : 'file'} ${show(readFileSync(at))}`;
    }
  };
  walk('');
  return found;
}

const show = (content: Buffer): string =>
  content.length < 200 ? content.toString('latin1') : `${content.length} bytes ${createHash('sha1').update(content).digest('hex')}`;

/** Takes a snapshot, unpacks it, and gives both. */
export async function shoot(snapshots: Snapshots, dir: string): Promise<Snapshot & { files: number; holds: Record<string, string> }> {
  const snapshot = unwrap(await snapshots.take(dir));
  const holds = contents(unwrap(await snapshots.materialize(dir, snapshot.tree)));
  return { ...snapshot, holds };
}

export const makeExecutable = (path: string): void => chmodSync(path, 0o755);
