import { formatSize } from '../../../shared/units.ts';
import type { JobSpec } from '../../providers/job-spec.ts';

/** What a run asks for, for people: `2 × (4 GPUs a100 of 40 GB, 8 cores, 16 GB memory)`; '' where it asks for nothing. */
export function wants(jobs: readonly Pick<JobSpec, 'cpu' | 'memory' | 'gpu'>[]): string {
  const [job] = jobs;
  if (!job) return '';
  const { gpu, cpu, memory } = job;
  const parts = [
    ...(gpu
      ? [
          `${gpu.count} GPU${gpu.count === 1 ? '' : 's'}${gpu.name === null ? '' : ` ${gpu.name}`}${gpu.memory === null ? '' : ` of ${formatSize(gpu.memory)}`}`,
        ]
      : []),
    ...(cpu === null ? [] : [`${cpu} core${cpu === 1 ? '' : 's'}`]),
    ...(memory === null ? [] : [`${formatSize(memory)} memory`]),
  ];
  return parts.length > 0 && jobs.length > 1 ? `${jobs.length} × (${parts.join(', ')})` : parts.join(', ');
}
