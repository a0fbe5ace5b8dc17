import { messageOf } from '../../../shared/result.ts';
import { EngineError, type Attached, type Container } from '../../engine/engine.ts';
import { specOf, type Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { holdMounts, releaseMounts } from '../hold-mounts.ts';
import { dropWorkspace, refusesOverlay } from '../workspace-mount.ts';
import { gangView, isGang, nodesOf } from '../gangs/gang.ts';
import { giveFirst } from '../watch/give-first.ts';
import { endWith } from './end-with.ts';
import type { Executor } from './executor.ts';
import { lostMaster } from './join-master.ts';
import { portTaken, saysPortTaken } from './port-taken.ts';
import { awaitExit, keepRecording, openRecording, sealMasked } from './recording.ts';

/**
 * Starts the container, with its output attached to before, so that no byte is missed. The intent is written first: from then on the
 * container may have run, and is never started a second time once it has.
 */
export const startContainer: Executor = async ({ parts, attempt, container, wake }) => {
  const { job, live } = attempt;
  const epoch = await parts.engine.epoch();
  const { mounts } = specOf(attempt);
  // anew, and in the places that the container was made with: an earlier daemon may have made it, and what is held may be old
  const held = await holdMounts(parts, attempt, mounts);
  if (!held.ok) return endWith(parts, attempt, 'start', held.failure.message);
  if (!mayStart(parts, attempt)) return;
  job.progress.startIntent = parts.now();
  job.progress.engineEpoch = epoch;
  job.progress.image = live.image && { id: live.image.id, digest: live.image.digest };
  job.progress.masked = sealMasked(parts, attempt);
  if (!(await giveFirst(parts, attempt, () => parts.store.jobs.update(job)))) return releaseMounts(parts, attempt, mounts);
  live.startSettled = true;
  let attached: Attached | null = null;
  try {
    attached = await parts.engine.attach(attempt.container);
    keepRecording(parts, attempt, 'live', openRecording(parts, attempt).recordLive(attached.output), wake);
    // by its id: the very one that was confirmed to have its GPUs for itself
    await parts.engine.start(container?.id ?? attempt.container);
  } catch (error) {
    // an output that nobody reads any more would stop the job
    attached?.close();
    live.recording = null;
    return notStarted(parts, attempt, container, error);
  } finally {
    await releaseMounts(parts, attempt, mounts);
  }
  // which ports it was given only the engine knows
  if (container && specOf(attempt).ports.length === 0) {
    live.made = { container: { ...container, state: { status: 'running', startedAt: parts.now(), pid: 0 } } };
  }
  awaitExit(parts, attempt, wake);
  // as it is by now: whoever is attached may have another than who submitted it
  const size = parts.store.runs.byId(attempt.run.id)?.spec.terminal;
  if (size) void parts.engine.resize(attempt.container, size).catch(() => undefined);
};

/** A node may have been taken back, or another may have failed, while the engine was asked. */
const mayStart = (parts: ControlParts, { run, job }: Attempt): boolean => {
  if (!isGang(run)) return true;
  const gang = gangView(run, nodesOf(parts.store.jobs.ofRun(run.id), job.attempt));
  return gang.ready && !gang.over;
};

async function notStarted(parts: ControlParts, attempt: Attempt, container: Container | null, error: unknown): Promise<void> {
  if (!(error instanceof EngineError) || error.kind === 'unreachable') throw error;
  const { job, live } = attempt;
  if (await lostMaster(parts, attempt, container)) return;
  if (error.kind === 'not_found') {
    // somebody removed it before it was started: it never ran, and is made again
    job.progress.startIntent = null;
    parts.store.jobs.update(job);
    return;
  }
  if (refusesOverlay(attempt, error)) {
    parts.overlay.refused(error.message);
    job.progress.startIntent = null;
    parts.store.jobs.update(job);
    live.workspace = null;
    await parts.engine.remove(attempt.container, true);
    return dropWorkspace(parts, attempt);
  }
  if (saysPortTaken(error.message)) return portTaken(parts, attempt, error.message);
  endWith(parts, attempt, error.kind === 'no_space' ? 'disk_full' : 'start', startProblem(messageOf(error)));
}

/** The engine's long sentence, with what to do about the two cases that users meet. */
function startProblem(message: string): string {
  if (/\/bin\/sh.*(no such file|not found)/i.test(message)) {
    return `the image has no /bin/sh to run commands with; use an image with a shell, or give an entrypoint (${message})`;
  }
  if (/could not select device driver|nvidia/i.test(message)) {
    return `the engine cannot give GPUs to containers; install NVIDIA's container toolkit, see: dstack doctor (${message})`;
  }
  return `cannot start the container: ${message}`;
}
