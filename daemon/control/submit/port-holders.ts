import { isEnded } from '../../../shared/states.ts';
import type { JobSpec } from '../../providers/job-spec.ts';
import type { Store } from '../../store/store.ts';
import { latestAttempts, isUnfinished } from '../run-status.ts';

/** Ports of this machine that somebody asked for by number. */
export const fixedPorts = (jobs: readonly Pick<JobSpec, 'ports'>[]): number[] =>
  jobs.flatMap((job) => job.ports.flatMap(({ host }) => (host === null ? [] : [host])));

/** The run that has a port of this machine published now; null: none of ours. `except`: the one that asks. */
export function holderOf(store: Pick<Store, 'jobs' | 'runs'>, port: number, except: number): string | null {
  for (const job of store.jobs.open()) {
    const { progress, runId } = job;
    if (runId === except || isEnded(job.state.status) || progress.startIntent === null) continue;
    const run = store.runs.byId(runId);
    const spec = run?.spec.jobs[job.job];
    // one that has just been started has not noted its ports yet
    const has = progress.ports.some(({ host }) => host === port) || (spec !== undefined && fixedPorts([spec]).includes(port));
    if (run && has) return run.name;
  }
  return null;
}

/** One sentence for each fixed port of the jobs that another unfinished run has asked for too. */
export function sharedPorts(store: Pick<Store, 'jobs' | 'runs'>, jobs: readonly Pick<JobSpec, 'ports'>[]): string[] {
  const wanted = fixedPorts(jobs);
  if (wanted.length === 0) return [];
  const said: string[] = [];
  const seen = new Set<number>();
  for (const { runId } of store.jobs.open()) {
    if (seen.has(runId)) continue;
    seen.add(runId);
    const run = store.runs.byId(runId);
    if (!run || !isUnfinished(latestAttempts(store.jobs.ofRun(runId)))) continue;
    for (const port of fixedPorts(run.spec.jobs).filter((one) => wanted.includes(one)))
      said.push(`the run ${run.name} has asked for port ${port} too: if it still has it when this run starts, this run fails`);
  }
  return said;
}
