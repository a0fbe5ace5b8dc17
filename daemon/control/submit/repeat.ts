import { existsSync } from 'node:fs';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { applyPolicy } from '../../policy/apply.ts';
import { checkQueue } from '../../policy/queue-length.ts';
import { ownerOf } from '../../users/caller.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import type { RunSpec } from '../../providers/job-spec.ts';
import type { RunRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { checkFits } from './check-fits.ts';
import { checkJobs } from './check-jobs.ts';
import { allowMounts } from './mount-roots.ts';
import { latestAttempts } from '../run-status.ts';
import type { SubmitParts } from './resolve-run.ts';
import { insertRun } from './submit.ts';

/**
 * Puts a new run of what `old` was into the queue. Fails where that cannot be had any more: its files or the artifacts of its deps were collected,
 * its mounts are not allowed now, a secret or the GPU is gone.
 */
export const repeat = (of: SubmitParts, old: RunRecord): Promise<Result<RunRecord>> => of.parts.gate.together(() => repeatNow(of, old));

async function repeatNow({ parts, control, caller }: SubmitParts, old: RunRecord): Promise<Result<RunRecord>> {
  const { project, projectDir, workflow, provider } = old;
  const spec = asItRanLast(parts.store, old);
  if (spec.snapshot.tree === '')
    return fail('no_work', `The run '${old.name}' only holds folders that were tagged: there is nothing to repeat`, null);
  const checked = checkJobs(parts, project, spec.jobs, spec.deps);
  if (!checked.ok) return checked;
  for (const dep of spec.deps) {
    const gone = dep.artifacts.find((artifact) => !existsSync(parts.artifacts.folder(dep.runId, artifact.job, artifact.key)));
    if (gone)
      return fail(
        'dep_collected',
        `The artifacts of its dep '${dep.name}' (the run ${dep.run}) were removed`,
        `Submit it anew: dstack run ${workflow ?? provider}`,
      );
  }
  const lawful = applyPolicy(parts.policy.of(caller.user), spec);
  if (!lawful.ok) return lawful;
  const { maxDuration, jobs } = lawful.value;
  // what the policy fills in now: the jobs are made from these again
  const templates = spec.templates.map((template, i) => ({ ...template, memory: jobs[i]?.memory ?? template.memory }));
  const queue = checkQueue(parts.store, caller);
  if (!queue.ok) return queue;
  const room = await parts.diskUse.check(caller, parts.policy.of(caller.user).disk);
  if (!room.ok) return room;
  const fits = await checkFits(parts, control, jobs);
  if (!fits.ok) return fits;
  for (const job of jobs) {
    const mounts = await allowMounts(parts, caller, job.mounts);
    if (!mounts.ok) return mounts;
    const other = job.mounts.find((mount, i) => mounts.value[i]?.source !== mount.source);
    if (other)
      return fail(
        'mounts',
        `The folder ${other.source} of 'mounts' is not what it was when '${old.name}' was submitted: it leads elsewhere now`,
        `Submit it anew: dstack run ${workflow ?? provider}`,
      );
  }
  const tree = await parts.snapshots.materialize(snapshotPlace(old), spec.snapshot.tree);
  if (!tree.ok)
    return fail(
      'tree_collected',
      `The files of the run '${old.name}' are no longer kept: ${tree.failure.message}`,
      `Submit it anew: dstack run ${workflow ?? provider}`,
    );
  const [job] = latestAttempts(parts.store.jobs.ofRun(old.id));
  const pinnedImage = job?.progress.image ?? spec.pinnedImage;
  return ok(
    await insertRun(
      { parts, control },
      {
        project,
        projectDir,
        workflow,
        provider,
        user: caller.user,
        owner: ownerOf(caller),
        requestId: null,
        tag: null,
        spec: { ...spec, templates, pinnedImage, maxDuration, restartOf: old.name },
      },
    ),
  );
}

/** Of a watch what its newest attempt was, once and without watching. */
function asItRanLast({ reruns }: Pick<Store, 'reruns'>, { id, spec }: RunRecord): RunSpec {
  const { watch, ...once } = spec;
  const last = watch && reruns.given(id);
  return last ? { ...once, snapshot: { ...spec.snapshot, tree: last.tree } } : once;
}
