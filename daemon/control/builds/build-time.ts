import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';

/** Notes that a build is about to begin; the engine's epoch is that of before. */
export async function beginBuild(parts: ControlParts, attempt: Attempt): Promise<void> {
  const epoch = await parts.engine.epoch();
  endBuild(parts, attempt);
  const { job } = attempt;
  job.progress.built = true;
  job.progress.building = { at: parts.now(), epoch };
  parts.store.jobs.update(job);
}

/** Its time counts from now on as that of an earlier one; written before its container is removed, so that none is counted that is not there. */
export function endBuild(parts: Pick<ControlParts, 'store' | 'now'>, attempt: Attempt): void {
  const { progress } = attempt.job;
  if (!progress.building) return;
  progress.builtFor = builtFor(attempt, parts.now());
  progress.building = null;
  parts.store.jobs.update(attempt.job);
}

/** How long the attempt has been building its environment, all its stages together (ms); waiting for another run's build is none of it. */
export const builtFor = ({ job: { progress }, live }: Pick<Attempt, 'job' | 'live'>, now: number): number =>
  (progress.builtFor ?? 0) + live.since('build', progress.building?.at ?? null, now);

/** The longest that a timer takes (ms). */
const longestTimer = 2 ** 31 - 1;

/** Calls `late` when the build has taken as long as the run may; returns what takes that back. */
export function limitBuild(parts: Pick<ControlParts, 'now'>, attempt: Attempt, late: () => void): () => void {
  const { maxDuration } = attempt.run.spec;
  if (maxDuration === null) return () => undefined;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const left = maxDuration * 1000 - builtFor(attempt, parts.now());
    if (left <= 0) late();
    else timer = setTimeout(look, Math.min(left, longestTimer));
  };
  look();
  return () => clearTimeout(timer);
}

/**
 * Whether a build that has ended was cut off by a restart of the engine or its host, which leaves any exit code. `noted`: what its script wrote as its own, which
 * it does last of all, and with 143 where it was told to end.
 */
export async function wasCutOff(
  parts: Pick<ControlParts, 'engine'>,
  attempt: Attempt,
  exitCode: number,
  noted: string | null,
): Promise<boolean> {
  const { building } = attempt.job.progress;
  if (!building || (await parts.engine.epoch()) === building.epoch) return false;
  return exitCode === 143 || noted?.trim() !== String(exitCode);
}
