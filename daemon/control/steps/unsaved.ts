import { mostWritten, writtenFiles } from '../../snapshots/written.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { depsToMount, insideJob } from '../container-spec.ts';
import type { ControlParts } from '../parts.ts';

/** What to say of work in a dev environment that goes with its workspace; null: nothing, it is none, or nobody can tell. */
export async function unsavedWork(parts: Pick<ControlParts, 'snapshots' | 'overlay'>, attempt: Attempt): Promise<string | null> {
  const { run, job } = attempt;
  const spec = specOf(attempt);
  if (!spec.app || (job.progress.end?.startedAt ?? null) === null) return null;
  const place = snapshotPlace(run);
  const { tree } = run.spec.snapshot;
  const [lower, made] = [
    await parts.snapshots.materialize(place, tree),
    // a daemon that came later has not made it
    attempt.live.workspace ?? (await parts.snapshots.prepareWorkspace(place, tree, attempt.id, parts.overlay.allowed())),
  ];
  const workspace = 'ok' in made ? (made.ok ? made.value : null) : made;
  if (!lower.ok || !workspace) return null;
  const own = spec.artifacts.map((artifact) => artifact.path);
  const points = [...own, ...depsToMount(run.spec.deps, own).map((dep) => dep.path), ...spec.mounts.map((mount) => mount.target)]
    .map((path) => insideJob(spec.workingDir, path))
    .flatMap((path) => (path.startsWith('/workflow/') ? [path.slice('/workflow/'.length)] : []));
  const count = await writtenFiles(workspace.mount, lower.value, points);
  if (count === 0) return null;
  const files = count === 1 ? '1 file that was' : `${count === mostWritten ? `${count} or more` : count} files that were`;
  return `${files} changed or added outside of its artifacts ${count === 1 ? 'was' : 'were'} not kept`;
}
