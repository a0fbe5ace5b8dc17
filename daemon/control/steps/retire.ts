import type { Executor } from './executor.ts';

/** Ends a watch's container, since what is wanted needs a fresh one (`why`). The next container has its place. */
export async function retireFor({ parts, attempt: { run, job, container }, changed }: Parameters<Executor>[0], why: string): Promise<void> {
  const now = parts.now();
  parts.store.transaction(() => {
    job.progress.retired = { at: now, why };
    job.progress.terminatedAt = now;
    parts.store.jobs.update(job);
    const [newest] = parts.store.reruns.newest(run.id, 1);
    // one that could not begin in it begins in the next
    if (newest?.givenAt != null && newest.startedAt === null && newest.number > job.attempt)
      parts.store.reruns.note(run.id, newest.number, { givenAt: null, fresh: newest.fresh ?? why });
    else if (newest?.givenAt === null && newest.fresh === null) parts.store.reruns.note(run.id, newest.number, { fresh: why });
  });
  changed();
  await parts.engine.kill(container, 'SIGTERM');
}

export const retire: Executor = async (given) => {
  const decision = given.attempt.live.watch?.decision;
  if (decision?.do === 'retire') await retireFor(given, decision.why);
};
