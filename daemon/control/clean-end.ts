/**
 * An attempt that has plainly ended with success, some time before its engine says so: the engine first takes the container's network apart (50 to 70 ms), and
 * answers no question about it meanwhile. What is to be recorded before that is all here already: its script has left exit code 0, its output has come to an end
 * after that, and the engine that carried it is still the same and answers (readEnd asks it), so that it was not the connection that ended.
 *
 * Only where nothing but the container's own processes is at stake: what has GPUs, ports, artifacts or other nodes waits for the engine's word, and so does
 * everything that somebody or something had a hand in. The container is removed as ever, when the engine lets it go.
 */
import { specOf, type Attempt } from './attempt.ts';
import { isGang } from './gangs/gang.ts';
import type { ControlParts } from './parts.ts';

/** An output that ended longer than this before its script did was cut off (ms). */
const tolerance = 100;

/** Whether the attempt, which ran when it was looked at last, has ended like that, if its engine is still the same. */
export async function hasEndedCleanly(parts: Pick<ControlParts, 'states'>, attempt: Attempt): Promise<boolean> {
  const { live } = attempt;
  const endedAt = live.recording?.endedAt ?? null;
  if (endedAt === null || live.recording === null || !isPlain(attempt)) return false;
  // the engine's own record is read once more when the container has ended (collectLog)
  if (live.recording.from === 'engine') return false;
  if (!(await live.recording.end).complete) return false;
  const { started, exitCode, exitAt } = await parts.states.read(attempt.id);
  return started && exitCode === 0 && exitAt !== null && endedAt >= exitAt - tolerance;
}

function isPlain({ run, job }: Attempt): boolean {
  const { state, progress } = job;
  if (state.status !== 'running' || progress.end !== null || progress.engineEpoch === null || state.gpus.length > 0) return false;
  if (run.intent || progress.preempted || progress.terminatedAt !== null || progress.killedAt !== null) return false;
  if (isGang(run) || run.spec.watch) return false;
  const spec = specOf({ run, job });
  return spec.start.kind === 'script' && spec.ports.length === 0 && spec.artifacts.length === 0 && !spec.app;
}
