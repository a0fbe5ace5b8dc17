/** The words for what runs ask for. */
import type { GpuRequest } from '../../shared/workflow/model.ts';

/** `1 a100 GPU`, `4 GPUs` */
export const countGpus = (count: number, want: Pick<GpuRequest, 'name'> | null, more = false): string =>
  [String(count), ...(more ? ['more'] : []), ...(want?.name ? [want.name] : []), count === 1 ? 'GPU' : 'GPUs'].join(' ');

/** `a, b and 3 others` */
export function list(names: readonly string[], most = 4): string {
  if (names.length <= most) return names.join(', ');
  const others = names.length - most;
  return `${names.slice(0, most).join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`;
}

export const countCores = (cores: number): string => `${cores} ${cores === 1 ? 'core' : 'cores'}`;

/** Thousandths of a core as cores. */
export const cores = (thousandths: number): number => Math.round(Math.max(0, thousandths)) / 1000;

/** `12:34:56` UTC */
export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
