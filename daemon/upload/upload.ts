import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SentSnapshot } from '../../shared/api.ts';
import { ok, type Result } from '../../shared/result.ts';
import { createSnapshots } from '../snapshots/create-snapshots.ts';
import { ask } from './ask.ts';

export interface UploadOptions {
  /** the daemon's socket */
  socket: string;
  /** the project's name */
  project: string;
  dir: string;
  /** where this user's snapshots are kept between uploads */
  cache: string;
}

export type Sent = SentSnapshot & { warnings: string[] };

/** Snapshots that are kept here, so that the next differs in little from one that the daemon has. */
const mostKept = 40;
const keptOnes = 10;

/** Takes a snapshot and sends what the daemon lacks of it. Fails as Snapshots.take and as the daemon does. */
export async function upload({ socket, project, dir, cache: caches }: UploadOptions): Promise<Result<Sent>> {
  const asked = { projectDir: dir, project };
  const known = await ask(socket, 'snapshotKnown', asked);
  if (!known.ok) return known;
  const { trees, warnBytes, maxBytes } = known.value;
  // each project in a folder of its own, so that tidying up after one leaves the others alone
  const cache = join(caches, 'projects', createHash('sha256').update(dir).digest('hex').slice(0, 16));
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const snapshots = createSnapshots({
    dir: join(cache, 'snapshots'),
    treesDir: join(cache, 'trees'),
    workspacesDir: join(cache, 'workspaces'),
    warnBytes: () => warnBytes,
    maxBytes: () => maxBytes,
    deleteAsRoot: () => Promise.reject(new Error('there is nothing of others here')),
  });
  const taken = await snapshots.take(dir);
  if (!taken.ok) return taken;
  const { tree, commit, branch, dirty, warnings } = taken.value;
  if (!trees.includes(tree)) {
    const pack = join(cache, `pack-${process.pid}-${randomBytes(4).toString('hex')}`);
    try {
      const packed = await snapshots.send(dir, tree, trees, pack);
      if (!packed.ok) return packed;
      const sent = await ask(socket, 'snapshotSend', { ...asked, tree }, createReadStream(pack));
      if (!sent.ok) return sent;
    } finally {
      rmSync(pack, { force: true });
    }
    const { objects } = await snapshots.use();
    if (objects.items > mostKept) await snapshots.gc(new Set([tree, ...trees.slice(0, keptOnes)]), false);
  }
  return ok({ tree, commit, branch, dirty, warnings });
}
