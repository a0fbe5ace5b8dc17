import { fail, ok, type Result } from '../../shared/result.ts';
import { formatDuration } from '../../shared/units.ts';
import type { JobSpec } from '../providers/job-spec.ts';
import type { Limits } from '../../shared/api.ts';

interface Wanted {
  jobs: JobSpec[];
  maxDuration: number | null;
  priority: number;
}

/** A run as the policy lets it be: what it leaves open is filled in. Fails with `policy` for what it asks beyond that. */
export function applyPolicy(limits: Limits, wanted: Wanted): Result<Pick<Wanted, 'jobs' | 'maxDuration'>> {
  const { jobs, maxDuration, priority } = wanted;
  const refuse = (message: string): Result<never> => fail('policy', message, 'What holds for you: dstack policy');
  const gpus = jobs.reduce((sum, job) => sum + (job.gpu?.count ?? 0), 0);
  if (limits.gpus !== null && gpus > limits.gpus)
    return refuse(
      `The run asks for ${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}, and the policy allows you ${limits.gpus} at once: it could never start`,
    );
  if (limits.priority !== null && priority > limits.priority)
    return refuse(`The run asks for priority ${priority}, and the policy allows you at most ${limits.priority}`);
  if (limits.maxDuration !== null && maxDuration !== null && maxDuration > limits.maxDuration)
    return refuse(
      `The run may last ${formatDuration(maxDuration)}, and the policy allows you at most ${formatDuration(limits.maxDuration)}`,
    );
  return ok({
    jobs: limits.memory === null ? jobs : jobs.map((job) => ({ ...job, memory: job.memory ?? limits.memory })),
    maxDuration: maxDuration ?? limits.maxDuration,
  });
}
