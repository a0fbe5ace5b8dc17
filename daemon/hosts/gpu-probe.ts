import type { Gpu } from './host.ts';
import { gpuFields, parseGpus, queryOf } from './nvidia-smi.ts';
import { runLimited } from './run-limited.ts';
import type { Ended } from './run-limited.ts';

export interface GpuState {
  gpus: Gpu[];
  /** a sentence; null: all well, or no GPU and no driver */
  problem: string | null;
}

export interface GpuProbeOptions {
  /** path or name of nvidia-smi */
  nvidiaSmi: string;
  /** milliseconds; a driver in trouble lets it hang for ever */
  limitMs: number;
  /** milliseconds since 1970 */
  now(): number;
  /** for tests */
  run?: typeof runLimited;
}

/**
 * Reads the GPUs with nvidia-smi. No nvidia-smi: no GPU and no problem. When it does not answer, or only fails, the GPUs last seen stay, with
 * a problem that says since when; while one hangs, no other is started.
 */
export function createGpuProbe({ nvidiaSmi, limitMs, now, run = runLimited }: GpuProbeOptions): () => Promise<GpuState> {
  let last: { gpus: Gpu[]; at: number } | null = null;
  let hanging = false;

  const stale = (problem: string): GpuState => {
    if (!last) return { gpus: [], problem: `${problem}.` };
    return { gpus: last.gpus, problem: `${problem}; the GPUs are as last seen, stale since ${new Date(last.at).toISOString()}.` };
  };
  const notAnswering = (): GpuState => stale(`nvidia-smi did not answer within ${limitMs / 1000} s`);

  const seen = (ended: Extract<Ended, { kind: 'exited' }>, fields: readonly string[]): GpuState => {
    const { gpus, otherLines } = parseGpus(ended.output, fields);
    const said = otherLines
      .join(' ')
      .slice(0, 300)
      .replace(/[.\s]+$/, '');
    if (gpus.length === 0) {
      return stale(said ? `nvidia-smi finds no usable GPU: ${said}` : `nvidia-smi finds no GPU (exit code ${ended.exitCode})`);
    }
    last = { gpus, at: now() };
    return { gpus, problem: ended.exitCode === 0 || !said ? null : `nvidia-smi cannot read every GPU: ${said}.` };
  };

  return async () => {
    if (hanging) return notAnswering();
    for (const fields of [gpuFields, gpuFields.filter((field) => field !== 'compute_cap')]) {
      const ended = await run(nvidiaSmi, queryOf(fields), limitMs);
      switch (ended.kind) {
        case 'missing':
          return last ? stale('nvidia-smi is gone') : { gpus: [], problem: null };
        case 'timed_out':
          hanging = true;
          void ended.gone.then(() => (hanging = false));
          return notAnswering();
        case 'exited':
          // "Field "compute_cap" is not a valid field to query": a driver before 510
          if (ended.exitCode !== 0 && fields === gpuFields && ended.output.includes('compute_cap')) continue;
          return seen(ended, fields);
      }
    }
    return stale('nvidia-smi does not understand our query');
  };
}
