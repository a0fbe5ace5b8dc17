import { messageOf, unwrap } from '../../../shared/result.ts';
import { createRate, transferred } from '../../../shared/rate.ts';
import { specWithSecrets } from '../secrets.ts';
import { EngineError } from '../../engine/engine.ts';
import { parseReference } from '../../engine/reference.ts';
import { specOf } from '../attempt.ts';
import { endWith } from './end-with.ts';
import type { Executor } from './executor.ts';

/** A pull that broke off (the network, or somebody prunes what it has just loaded) is made again: so often in all. */
const mostPulls = 4;
/** The registry cannot be reached at all, and the engine has tried for a while already. */
const noRegistry = /dial tcp|lookup |connection refused|timeout|request canceled/i;

/** Makes sure that the image is here; pulled only if absent. */
export const pullImage: Executor = async ({ parts, attempt, changed }) => {
  const { live, run, job } = attempt;
  const spec = specOf(attempt);
  const pinned = run.spec.pinnedImage;
  live.image = await parts.engine.image(pinned?.id ?? spec.image);
  if (live.image) return;
  if (pinned && pinned.digest === null) {
    endWith(
      parts,
      attempt,
      'image',
      `the very image of the run ${run.spec.restartOf ?? ''} (${pinned.id}) is no longer on the host, and no registry knows it`,
    );
    return;
  }
  const reference = pinned ? `${parseReference(spec.image).repository}@${pinned.digest}` : spec.image;
  const interrupt = new AbortController();
  live.interrupt = interrupt;
  // asked for a moment ago, before there was something to interrupt
  const makesRoom = parts.store.jobs.get(run.id, job.job, job.attempt)?.progress.preempted;
  if (makesRoom || parts.store.runs.byId(run.id)?.intent) return void (live.interrupt = null);
  live.doing = `pulling ${reference}`;
  changed();
  try {
    const auth = unwrap(specWithSecrets(parts, attempt)).spec.registryAuth;
    let said = 0;
    const rate = createRate();
    await parts.engine.pull(
      reference,
      auth,
      (progress) => {
        const fast = rate(progress.current, parts.now());
        live.doing =
          progress.total > 0
            ? `${progress.phase === 'extracting' ? 'unpacking' : 'pulling'} ${reference}, ${transferred(progress.current, progress.total, fast)}`
            : `pulling ${reference}, ${progress.phase}`;
        if (parts.now() - said < 200) return;
        said = parts.now();
        changed();
      },
      AbortSignal.any([parts.signal, interrupt.signal]),
    );
    live.image = await parts.engine.image(reference);
  } catch (error) {
    if (interrupt.signal.aborted || parts.signal.aborted) return;
    if (error instanceof EngineError && error.kind === 'unreachable') throw error;
    if (error instanceof EngineError && error.kind === 'other' && !noRegistry.test(error.message) && ++live.pullFailures < mostPulls)
      return;
    const offline = error instanceof EngineError && error.kind === 'other';
    const hint = offline ? '; without a registry, load it on this host with `docker load`, or use an image that is here' : '';
    endWith(parts, attempt, 'image', `cannot pull the image ${reference}: ${messageOf(error)}${hint}`);
  } finally {
    live.interrupt = null;
    live.doing = null;
  }
};
