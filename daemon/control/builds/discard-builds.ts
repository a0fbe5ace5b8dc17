import { labels } from '../../engine/engine.ts';
import { removeAll } from '../../remove-all.ts';
import type { Attempt } from '../attempt.ts';
import { builderOf, buildFolder } from './build-parts.ts';
import { endBuild } from './build-time.ts';
import { containerName } from '../names.ts';
import type { ControlParts } from '../parts.ts';

/** Nothing is left of it but what is in the log. */
export async function discardBuild(parts: ControlParts, attempt: Attempt, name: string): Promise<void> {
  endBuild(parts, attempt);
  await parts.engine.remove(name, true);
  const folder = buildFolder(parts.home, attempt.id);
  await removeAll(folder).catch(() => parts.deleteAsRoot(folder));
}

/** Removes the containers of builds that an attempt began, whatever became of them. */
export async function discardBuilds(parts: ControlParts, attempt: Attempt): Promise<void> {
  for (const one of await parts.engine.list(parts.installation)) {
    const mine = one.labels[labels.kind] === 'environment' && one.labels[labels.run] === attempt.run.name;
    if (mine && one.labels[labels.job] === String(attempt.job.job)) await parts.engine.remove(one.name, true);
  }
  const folder = buildFolder(parts.home, attempt.id);
  await removeAll(folder).catch(() => parts.deleteAsRoot(folder));
}

/** Whether the attempt that began it is still about to. */
export const isPreparing = (parts: Pick<ControlParts, 'store' | 'installation'>, of: Record<string, string>): boolean =>
  parts.store.jobs
    .open()
    .some(
      (job) =>
        job.state.status === 'preparing' &&
        containerName(parts.installation, parts.store.runs.byId(job.runId)?.name ?? '', job) === builderOf(parts.installation, of),
    );
