import { fail, ok, type Result } from '../../shared/result.ts';
import type { JobSpec } from '../providers/job-spec.ts';
import type { ControlParts } from './parts.ts';

/** Whether it is known what GPUs there are, for who wants some: a driver in trouble is no reason to say that a run could never start. */
export async function checkGpusKnown({ gpus }: Pick<ControlParts, 'gpus'>, jobs: readonly Pick<JobSpec, 'gpu'>[]): Promise<Result<void>> {
  if (jobs.every((job) => job.gpu === null) || (await gpus.of('local')).length > 0) return ok(undefined);
  const problem = await gpus.problem('local');
  if (problem === null) return ok(undefined);
  return fail('gpus_unknown', `Which GPUs there are is not known: ${problem.replace(/\.$/, '')}`, 'What helps: dstack doctor');
}
