import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { isUnfinished } from '../control/run-status.ts';
import type { Caller } from '../users/caller.ts';
import { snapshotPlace } from '../users/namespace.ts';
import type { RunRecord } from '../store/records.ts';
import { findRun } from './find-run.ts';
import type { ApiParts, JsonHandler } from './handler.ts';
import { inProject, sentSnapshot } from './params.ts';

/** The next attempt of a watch. Fails with `no_watch`, `finished`, `snapshot_needed`, `other_folder`, and with what is wrong with the workflow. */
export const rerun: JsonHandler<'rerun'> = {
  params: z.object({
    name: z.string(),
    ...inProject,
    snapshot: sentSnapshot,
    seenAt: z.iso.datetime().optional(),
    asked: z.boolean().optional(),
    leaving: z.boolean().optional(),
  }),
  answer: async (api, { name, projectDir, snapshot, seenAt, asked = snapshot === undefined, leaving }) => {
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    const run = found.value;
    const { store, parts } = api;
    const { watch } = run.spec;
    if (!watch) return fail('no_watch', `The run '${name}' is not watched`, `To run it again: dstack restart ${name}`);
    if (run.intent || !isUnfinished(store.jobs.ofRun(run.id)))
      return fail('finished', `The run '${name}' has ended`, `To run it again: dstack restart ${name}`);
    const watching = await api.watching();
    if (leaving) {
      watching.clientLeft(run.id);
      return ok({ attempt: null });
    }
    if (snapshot && !watch.byClient)
      return fail('not_shared_mode', 'This daemon watches the project itself: no files are sent to it', null);
    // another checkout of the project: the two would take turns
    if (snapshot && projectDir !== run.projectDir)
      return fail('other_folder', `The run '${name}' watches ${run.projectDir}: changes in ${projectDir} are none of its own`, null);
    if (snapshot && !parts.snapshots.has(snapshotPlace(run), snapshot.tree))
      return fail('snapshot_needed', `The files ${snapshot.tree} are not here (any more)`, 'Send them again.');
    if (snapshot) watching.clientSaw(run.id);
    const files = snapshot ? ok(snapshot) : watch.byClient ? ok(lastSent(api, run)) : await parts.snapshots.take(run.projectDir);
    if (!files.ok) return files;
    const consequence = await watching.consider({
      ...{ runId: run.id, caller: callerOf(api, run), snapshot: files.value, asked },
      seenAt: seenAt === undefined ? null : Date.parse(seenAt),
    });
    return 'failure' in consequence ? { ok: false, failure: consequence.failure } : ok(consequence);
  },
};

/** Nobody here can look whether they are others by now. */
const lastSent = ({ store }: ApiParts, run: RunRecord) => {
  const [newest] = store.reruns.newest(run.id, 1);
  return { ...run.spec.snapshot, tree: newest?.tree ?? run.spec.snapshot.tree };
};

/** As whoever submitted the run: who asks may sit at another machine. */
const callerOf = ({ caller }: ApiParts, run: RunRecord): Caller => ({ ...caller, elsewhere: run.spec.elsewhere === true });
