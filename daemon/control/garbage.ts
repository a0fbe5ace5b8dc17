import { stat } from 'node:fs/promises';
import type { DiskUse, Freed } from '../../shared/api.ts';
import type { RunRecord } from '../store/records.ts';
import { isUnfinished } from './run-status.ts';
import type { ControlParts } from './parts.ts';

/** What of the disk is ours, by kind, and what a `gc` would free of it. */
export async function diskUse(parts: ControlParts, databaseFile: string): Promise<DiskUse[]> {
  const plan = garbagePlan(parts);
  const artifacts = await parts.artifacts.use();
  const logs = await parts.logs.use();
  const snapshots = await parts.snapshots.use();
  const freeable = await parts.snapshots.gc(plan.keepTrees, true);
  const sum = (list: { runId: number; bytes: number }[], only?: ReadonlySet<number>): number =>
    list.filter((entry) => !only || only.has(entry.runId)).reduce((total, entry) => total + entry.bytes, 0);
  const bytesOf = (file: string): Promise<number> =>
    stat(file).then(
      (s) => s.size,
      () => 0,
    );
  const database = (await bytesOf(databaseFile)) + (await bytesOf(`${databaseFile}-wal`));
  return [
    { kind: 'artifacts', bytes: sum(artifacts), reclaimable: sum(artifacts, plan.artifacts(artifacts)), items: artifacts.length },
    { kind: 'logs', bytes: sum(logs), reclaimable: sum(logs, plan.logs(logs)), items: logs.length },
    { kind: 'workspaces', ...snapshots.workspaces, reclaimable: 0 },
    { kind: 'trees', ...snapshots.trees, reclaimable: freeable.trees.bytes },
    { kind: 'snapshots', ...snapshots.objects, reclaimable: freeable.objects.bytes },
    { kind: 'database', bytes: database, reclaimable: 0, items: 1 },
  ];
}

/** Frees what nothing refers to any more and what the retention of the config gives up; tags protect. With `dryRun` it only says what it would. */
export const collectGarbage = (parts: ControlParts, dryRun: boolean): Promise<Freed[]> => parts.gate.alone(() => collect(parts, dryRun));

async function collect(parts: ControlParts, dryRun: boolean): Promise<Freed[]> {
  const plan = garbagePlan(parts);
  const freed: Freed[] = [];
  for (const [kind, owner, chosen] of [['artifacts', parts.artifacts, plan.artifacts] as const, ['logs', parts.logs, plan.logs] as const]) {
    const use = await owner.use();
    const ids = chosen(use);
    const going = use.filter((entry) => ids.has(entry.runId));
    if (!dryRun) for (const entry of going) await owner.remove(entry.runId);
    freed.push({ kind, bytes: going.reduce((total, entry) => total + entry.bytes, 0), items: going.length });
  }
  const { trees, objects } = await parts.snapshots.gc(plan.keepTrees, dryRun);
  return [...freed, { kind: 'trees', ...trees }, { kind: 'snapshots', ...objects }];
}

/** Who keeps what: pure choice on the runs as they are now. */
function garbagePlan(parts: ControlParts) {
  const { retention } = parts.config;
  const now = parts.now();
  const runs = new Map(parts.store.runs.all().map((run) => [run.id, run]));
  const unfinished = new Set([...runs.values()].filter((run) => isUnfinished(parts.store.jobs.ofRun(run.id))).map((run) => run.id));
  // the artifacts of a run that an unfinished one has mounted
  const inUse = new Set([...runs.values()].filter((run) => unfinished.has(run.id)).flatMap((run) => run.spec.deps.map((dep) => dep.runId)));
  const isTagged = (run: RunRecord): boolean => parts.store.tags.ofRun(run.id).length > 0;
  const isOld = (run: RunRecord, seconds: number | null): boolean => seconds !== null && run.submittedAt < now - seconds * 1000;
  const gone = (run: RunRecord | undefined, seconds: number | null): boolean => {
    if (!run) return true;
    if (unfinished.has(run.id) || inUse.has(run.id) || isTagged(run)) return false;
    return run.removedAt !== null || isOld(run, seconds);
  };
  const choose = (seconds: number | null) => (list: readonly { runId: number }[]) =>
    new Set(list.map((entry) => entry.runId).filter((id) => gone(runs.get(id), seconds)));
  const keepTrees = new Set(
    [...runs.values()]
      .filter((run) => unfinished.has(run.id) || (run.removedAt === null && !isOld(run, retention.trees)))
      .map((run) => run.spec.snapshot.tree),
  );
  return { artifacts: choose(retention.artifacts), logs: choose(retention.logs), keepTrees };
}
