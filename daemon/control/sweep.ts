import { messageOf } from '../../shared/result.ts';
import { labels } from '../engine/engine.ts';
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
  const open = parts.store.jobs.open();
  const names = new Set(open.map((job) => containerName(parts.installation, parts.store.runs.byId(job.runId)?.name ?? '', job)));
  const ids = new Set(open.map(attemptId));
  for (const container of containers) {
    const unneeded = container.labels[labels.kind] === 'job' ? !names.has(container.name) : options.helpers;
    if (unneeded) await parts.engine.remove(container.name, true);
  }
  for (const volume of volumes) {
    // one that cannot go yet does not keep the rest
    if (!names.has(volume.name))
      await parts.engine
        .removeVolume(volume.name)
        .catch((error: unknown) => parts.logger.info({ error: messageOf(error) }, 'a volume stays for now'));
  }
  for (const id of workspaces) if (!ids.has(id)) await parts.snapshots.discardWorkspace(id);
  for (const id of states) if (!ids.has(id)) await parts.states.remove(id);
}
