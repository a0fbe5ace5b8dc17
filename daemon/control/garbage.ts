import { stat } from 'node:fs/promises';
import type { DiskUse, Freed } from '../../shared/api.ts';
import { FailureError, messageOf } from '../../shared/result.ts';
import { EngineError } from '../engine/engine.ts';
import type { RunRecord } from '../store/records.ts';
import { downloadsToGo } from './downloads-to-go.ts';
import type { ControlParts } from './parts.ts';
import { isUnfinished } from './run-status.ts';

type Use = { runId: number; bytes: number };
const sum = (list: readonly Use[]): number => list.reduce((total, entry) => total + entry.bytes, 0);

/** What of the disk is ours, by kind, and what a `gc` would free of it. */
export async function diskUse(parts: ControlParts, databaseFile: string): Promise<DiskUse[]> {
  const { retention } = parts.config;
  const artifacts = await parts.artifacts.use();
  const logs = await parts.logs.use();
  const snapshots = await parts.snapshots.use();
  const freeable = await parts.snapshots.gc(keptTrees(parts), true);
  const environments = await orNothing(parts.environments.list());
  const shrunk = await parts.environments.shrink(true).catch(() => ({ bytes: 0, items: 0 }));
  const downloads = await parts.downloads.use();
  const servers = await parts.servers.use();
  const free = (list: Use[], seconds: number | null): number => sum(list.filter((entry) => isGarbage(parts, entry.runId, seconds)));
  const bytesOf = (file: string): Promise<number> =>
    stat(file).then(
      (s) => s.size,
      () => 0,
    );
  const database = (await bytesOf(databaseFile)) + (await bytesOf(`${databaseFile}-wal`));
  return [
    { kind: 'artifacts', bytes: sum(artifacts), reclaimable: free(artifacts, retention.artifacts), items: artifacts.length },
    { kind: 'logs', bytes: sum(logs), reclaimable: free(logs, retention.logs), items: logs.length },
    { kind: 'workspaces', ...snapshots.workspaces, reclaimable: 0 },
    { kind: 'trees', ...snapshots.trees, reclaimable: freeable.trees.bytes },
    { kind: 'snapshots', ...snapshots.objects, reclaimable: freeable.objects.bytes },
    {
      kind: 'environments',
      bytes: environments.reduce((total, { size }) => total + size, 0),
      reclaimable: shrunk.bytes,
      items: environments.length,
    },
    {
      kind: 'downloads',
      bytes: sumOf(downloads),
      reclaimable: sumOf(downloadsToGo(parts, downloads)),
      items: downloads.length,
    },
    { kind: 'servers', bytes: sumOf(servers), reclaimable: sumOf(servers.filter((one) => isOldServer(parts, one))), items: servers.length },
    { kind: 'database', bytes: database, reclaimable: 0, items: 1 },
  ];
}

/**
 * Frees what nothing refers to any more and what the retention of the config gives up; tags protect. With `dryRun` it only says what it would.
 * Each thing is looked at again right before it goes, with no submit under way. What cannot be deleted does not keep the rest: the first such
 * failure is thrown at the end.
 */
export async function collectGarbage(parts: ControlParts, dryRun: boolean): Promise<Freed[]> {
  const { retention } = parts.config;
  const freed: Freed[] = [];
  const problems: unknown[] = [];
  for (const [kind, owner, seconds] of [
    ['artifacts', parts.artifacts, retention.artifacts],
    ['logs', parts.logs, retention.logs],
  ] as const) {
    const gone: Use[] = [];
    for (const entry of await owner.use()) {
      if (!isGarbage(parts, entry.runId, seconds)) continue;
      const remove = async (): Promise<void> => {
        if (!dryRun && isGarbage(parts, entry.runId, seconds)) await owner.remove(entry.runId);
        gone.push(entry);
      };
      await parts.gate.alone(remove).catch((error: unknown) => problems.push(error));
    }
    freed.push({ kind, bytes: sum(gone), items: gone.length });
  }
  // a run's samples go with its log; few bytes, which stay in the database's file
  for (const runId of dryRun ? [] : parts.store.samples.runs()) {
    if (isGarbage(parts, runId, retention.logs)) parts.store.samples.removeRun(runId);
  }
  const { trees, objects } = await parts.gate.alone(() => parts.snapshots.gc(keptTrees(parts), dryRun));
  // while the engine is away its images stay
  const unlessAway = (error: unknown): void => {
    if (!(error instanceof EngineError) || error.kind !== 'unreachable') problems.push(error);
  };
  const shrunk = (await parts.environments.shrink(dryRun).catch(unlessAway)) ?? { bytes: 0, items: 0 };
  if (!dryRun) await parts.environments.tidy().catch(unlessAway);
  const unused = downloadsToGo(parts, await parts.downloads.use());
  if (!dryRun) for (const { user } of unused) await parts.downloads.remove(user).catch((error: unknown) => problems.push(error));
  const servers = (await parts.servers.use()).filter((one) => isOldServer(parts, one));
  if (!dryRun) for (const { name } of servers) await parts.servers.remove(name).catch((error: unknown) => problems.push(error));
  const [problem] = problems;
  if (problem !== undefined) {
    throw problem instanceof FailureError
      ? problem
      : new FailureError({
          code: 'gc',
          message: `Something could not be deleted: ${messageOf(problem)}`,
          hint: 'The rest was; look with: dstack doctor, dstack df',
        });
  }
  return [
    ...freed,
    { kind: 'trees', ...trees },
    { kind: 'snapshots', ...objects },
    { kind: 'environments', ...shrunk },
    { kind: 'downloads', bytes: sumOf(unused), items: unused.length },
    { kind: 'servers', bytes: sumOf(servers), items: servers.length },
  ];
}

const sumOf = (list: readonly { bytes: number }[]): number => list.reduce((total, { bytes }) => total + bytes, 0);

/** The engine may be away; what is on this disk can be told all the same. */
const orNothing = <T>(list: Promise<T[]>): Promise<T[]> => list.catch(() => []);

/** Whether a VS Code server is another one than the config's, and in no container. */
const isOldServer = (parts: ControlParts, { current }: { current: boolean }): boolean =>
  !current && !parts.store.jobs.open().some(({ runId, job }) => parts.store.runs.byId(runId)?.spec.jobs[job]?.app?.server);

/** Whether what is kept of a run may go: the run is removed, or older than `seconds`, and neither a tag nor a run under way needs it. */
function isGarbage(parts: ControlParts, runId: number, seconds: number | null): boolean {
  const run = parts.store.runs.byId(runId);
  if (!run) return true;
  if (parts.inUse.has(run.id) || parts.store.tags.ofRun(run.id).length > 0) return false;
  if (run.removedAt === null && !isOld(parts, run, seconds)) return false;
  if (isUnfinished(parts.store.jobs.ofRun(run.id))) return false;
  // mounted into, or about to be mounted into, a run that is not finished
  return !parts.store.jobs.open().some((job) => parts.store.runs.byId(job.runId)?.spec.deps.some((dep) => dep.runId === run.id));
}

const isOld = (parts: Pick<ControlParts, 'now'>, run: RunRecord, seconds: number | null): boolean =>
  seconds !== null && run.submittedAt < parts.now() - seconds * 1000;

/** How many attempts of a watch keep their files: what is being replaced, and what replaces it. */
const attemptsKept = 5;
/** Of one that has ended: `restart` takes the last that began, and the newest may not have. */
const ofEnded = 2;

/** The trees that unfinished runs work on, and those that `restart` may want. */
export function keptTrees(parts: Pick<ControlParts, 'config' | 'store' | 'now'>): Set<string> {
  const { trees } = parts.config.retention;
  const open = new Set(parts.store.jobs.open().map((job) => job.runId));
  const kept = parts.store.runs.all().filter((run) => open.has(run.id) || (run.removedAt === null && !isOld(parts, run, trees)));
  const ofWatches = kept.flatMap((run) =>
    run.spec.watch ? parts.store.reruns.newest(run.id, open.has(run.id) ? attemptsKept : ofEnded).map(({ tree }) => tree) : [],
  );
  return new Set([...kept.map((run) => run.spec.snapshot.tree), ...ofWatches]);
}
