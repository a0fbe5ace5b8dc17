import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SentSnapshot, Verbs } from '../../shared/api.ts';
import { isAlive } from '../../shared/is-alive.ts';
import { createRate, transferred } from '../../shared/rate.ts';
import { ok, type Result } from '../../shared/result.ts';
import { createSnapshots } from '../snapshots/create-snapshots.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
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

/** What a daemon has of a project, and allows of it. */
export type Known = Verbs['snapshotKnown']['answer'];

/** Takes a snapshot and sends what the daemon lacks of it. Fails as Snapshots.take and as the daemon does. */
export async function upload(options: UploadOptions, say: (doing: string) => void = () => {}): Promise<Result<Sent>> {
  const known = await knownThere(options);
  if (!known.ok) return known;
  const { snapshots, folder } = openCache(options, known.value);
  const taken = await sayingSo(say, () => snapshots.doing(options.dir), snapshots.take(options.dir));
  if (!taken.ok) return taken;
  const { tree, commit, branch, dirty, warnings } = taken.value;
  const sent = await sendTree(options, snapshots, folder, tree, known.value.trees, say);
  if (!sent.ok) return sent;
  if (!known.value.trees.includes(tree)) {
    const { objects } = await snapshots.use();
    if (objects.items > mostKept) await snapshots.gc(new Set([tree, ...known.value.trees.slice(0, keptOnes)]), false);
  }
  return ok({ tree, commit, branch, dirty, warnings });
}

/** Says what is being done, again and again until it is. */
async function sayingSo<T>(say: (doing: string) => void, doing: () => string | null, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    const now = doing();
    if (now !== null) say(now);
  }, 250);
  return work.finally(() => clearInterval(timer));
}

export const knownThere = ({ socket, project, dir }: UploadOptions): Promise<Result<Known>> =>
  ask(socket, 'snapshotKnown', { projectDir: dir, project });

/** This user's snapshots of the project; each project in a folder of its own, so that tidying up after one leaves the others alone. */
export function openCache({ cache: caches, dir }: UploadOptions, { warnBytes, maxBytes }: Known): { snapshots: Snapshots; folder: string } {
  const folder = join(caches, 'projects', createHash('sha256').update(dir).digest('hex').slice(0, 16));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  dropDeadPacks(folder);
  const snapshots = createSnapshots({
    dir: join(folder, 'snapshots'),
    treesDir: join(folder, 'trees'),
    workspacesDir: join(folder, 'workspaces'),
    warnBytes: () => warnBytes,
    maxBytes: () => maxBytes,
    deleteAsRoot: () => Promise.reject(new Error('there is nothing of others here')),
  });
  return { snapshots, folder };
}

/** What uploads that were killed have left. */
function dropDeadPacks(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^pack-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

/** Sends a tree, in so far as it differs from those that are there already (`has`). */
export async function sendTree(
  { socket, project, dir }: UploadOptions,
  snapshots: Snapshots,
  folder: string,
  tree: string,
  has: string[],
  say: (doing: string) => void = () => {},
): Promise<Result<void>> {
  if (has.includes(tree)) return ok(undefined);
  const pack = join(folder, `pack-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const packed = await snapshots.send(dir, tree, has, pack);
    if (!packed.ok) return packed;
    const file = createReadStream(pack);
    const total = statSync(pack).size;
    const rate = createRate();
    const doing = (): string => `sending the files, ${transferred(file.bytesRead, total, rate(file.bytesRead, performance.now()))}`;
    const sent = await sayingSo(say, doing, ask(socket, 'snapshotSend', { projectDir: dir, project, tree }, file));
    return sent.ok ? ok(undefined) : sent;
  } finally {
    rmSync(pack, { force: true });
  }
}
