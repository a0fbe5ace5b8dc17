import { dividedIntoMig } from '../../hosts/gpu-report.ts';
import { matches } from '../../scheduler/match.ts';
import type { JobSpec } from '../../providers/job-spec.ts';
import type { ControlParts } from '../parts.ts';

/** A word on an idle_timeout that can do nothing: nvidia-smi does not say how busy a part of a GPU is. For the warnings of a submit. */
export async function idleUnknown(
  { gpus }: Pick<ControlParts, 'gpus'>,
  idleTimeout: number | null,
  jobs: readonly Pick<JobSpec, 'gpu'>[],
): Promise<string[]> {
  const wanted = jobs.flatMap(({ gpu }) => gpu ?? []);
  if (idleTimeout === null || wanted.length === 0) return [];
  const fitting = (await gpus.of('local')).filter((gpu) => gpu.problem !== dividedIntoMig && wanted.some((want) => matches(gpu, want)));
  if (fitting.length === 0 || fitting.some(({ mig }) => mig === null)) return [];
  return ["'idle_timeout' has no effect here: how busy a MIG device is cannot be seen, and all GPUs that the run could get are such"];
}
