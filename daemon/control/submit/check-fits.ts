import { fail, ok, type Result } from '../../../shared/result.ts';
import type { JobSpec } from '../../providers/job-spec.ts';
import { neverFits } from '../../scheduler/never-fits.ts';
import type { Control } from '../control.ts';
import type { ControlParts } from '../parts.ts';

/**
 * Whether a run of these jobs could start some day. Fails with `never_fits`; and with `gpus_unknown` where it wants GPUs and nobody knows which there are: a
 * driver in trouble is no reason to say that it could never start; and with `no_toolkit` where the engine could not give them to a container.
 */
export async function checkFits(
  { gpus }: Pick<ControlParts, 'gpus'>,
  control: Pick<Control, 'hosts'>,
  jobs: readonly Pick<JobSpec, 'cpu' | 'memory' | 'gpu'>[],
): Promise<Result<void>> {
  const wantsGpus = jobs.some((job) => job.gpu !== null);
  if (wantsGpus && (await gpus.of('local')).length === 0) {
    const problem = await gpus.problem('local');
    if (problem !== null)
      return fail('gpus_unknown', `Which GPUs there are is not known: ${problem.replace(/\.$/, '')}`, 'What helps: dstack doctor');
  }
  const hosts = await control.hosts(wantsGpus);
  const never = neverFits({ jobs: jobs.map((job, i) => ({ ...job, id: String(i) })), avoid: new Map() }, hosts);
  if (never !== null) return fail('never_fits', `${never}: the run could never start`, 'See what there is with: dstack gpus');
  const attach = wantsGpus ? await gpus.attach('local') : null;
  return attach?.method === null ? fail('no_toolkit', attach.why, attach.fix ?? null) : ok(undefined);
}
