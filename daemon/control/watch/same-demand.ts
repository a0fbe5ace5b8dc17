import type { RunSpec } from '../../providers/job-spec.ts';

/** Whether a run needs what another definition of it needed: then it keeps its place. */
export function sameDemand(a: Pick<RunSpec, 'jobs'>, b: Pick<RunSpec, 'jobs'>): boolean {
  const demand = ({ jobs }: Pick<RunSpec, 'jobs'>): string =>
    JSON.stringify(jobs.map(({ cpu, memory, gpu, ports }) => ({ cpu, memory, gpu, ports })));
  return demand(a) === demand(b);
}
