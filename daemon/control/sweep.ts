import { messageOf } from '../../shared/result.ts';
import { readdir } from 'node:fs/promises';
import { labels } from '../engine/engine.ts';
import { removeAll } from '../remove-all.ts';
import { buildFolder } from './builds/build-parts.ts';
import { isPreparing } from './builds/discard-builds.ts';
import { neededGpus } from './claims/claims.ts';
import { sweepMounts } from './hold-mounts.ts';
import { attemptId, containerName } from './names.ts';
import type { ControlParts } from './parts.ts';

/**
 * Removes containers, volumes, workspaces and state folders of ours that no open attempt needs: what was left when an attempt was closed while
 * the engine could not be asked, or when a database was restored. What exists is listed before what is needed is read, so that nothing
 * made in between is taken for a leftover. `helpers`: short-lived helper containers too; only at the start, when none of ours can be at work.
 */
export async function sweep(parts: ControlParts, options: { helpers: boolean } = { helpers: false }): Promise<void> {
  const containers = await parts.engine.list(parts.installation);
  const volumes = await parts.engine.volumes(parts.installation);
  const workspaces = await parts.snapshots.workspaces();
  const states = await parts.states.list();
  const builds = await readdir(buildFolder(parts.home, '')).catch(() => []);
  const open = parts.store.jobs.open();
  const names = new Set(open.map((job) => containerName(parts.installation, parts.store.runs.byId(job.runId)?.name ?? '', job)));
  const ids = new Set(open.map(attemptId));
  // one thing that cannot go yet does not keep the rest
  const each = async (name: string, remove: () => Promise<void>): Promise<void> => {
    await remove().catch((error: unknown) => parts.logger.info({ name, error: messageOf(error) }, 'it stays for now'));
  };
  // left by an earlier process: kept for those who need them, the others are given back
  parts.claims.adopt(containers);
  await parts.claims.reconcile(neededGpus(parts.store));
  for (const { name, labels: of } of containers) {
    if (of[labels.kind] === 'claim') continue;
    const building = of[labels.kind] === 'environment';
    const unneeded = building ? !isPreparing(parts, of) : of[labels.kind] === 'job' ? !names.has(name) : options.helpers;
    if (unneeded) await each(name, () => parts.engine.remove(name, true));
  }
  for (const { name } of volumes) if (!names.has(name)) await each(name, () => parts.engine.removeVolume(name));
  for (const id of workspaces) if (!ids.has(id)) await each(id, () => parts.snapshots.discardWorkspace(id));
  for (const id of builds)
    if (!ids.has(id))
      await each(id, () => removeAll(buildFolder(parts.home, id)).catch(() => parts.deleteAsRoot(buildFolder(parts.home, id))));
  await sweepMounts(parts, ids);
  for (const id of states) if (!ids.has(id)) await each(id, () => parts.states.remove(id, parts.deleteAsRoot));
}
