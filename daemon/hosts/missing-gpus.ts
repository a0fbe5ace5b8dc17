import { lost } from './gpu-health.ts';
import { busOf, type Reported } from './gpu-report.ts';
import type { Gpu } from './host.ts';

/** What was known of the GPUs before a reading. */
export interface KnownGpus {
  gpus: readonly Gpu[];
  /** UUID → place on the bus */
  buses: ReadonlyMap<string, string>;
  /** UUIDs of those that were missing already */
  missing: ReadonlySet<string>;
}

/** The whole GPUs that were known and cannot be read now, each with what is told of it. `said`: what nvidia-smi says beside its report. */
export function missingGpus(known: KnownGpus, reported: readonly Reported[], said: string): Gpu[] {
  const seen = new Set(reported.map(({ gpu }) => gpu?.uuid));
  return known.gpus
    .filter((gpu) => !gpu.mig && !seen.has(gpu.uuid))
    .map((gpu) => {
      const bus = known.buses.get(gpu.uuid) ?? 'unknown';
      const told =
        reported.find((one) => one.gpu === null && one.bus === bus)?.problem ?? (busOf(said) === bus ? lost(wordsOf(said)) : null);
      const before = known.missing.has(gpu.uuid) ? gpu.problem : null;
      const nothing = { memoryUsed: null, utilization: null, temperature: null, power: null, processes: [] };
      return { ...gpu, ...nothing, problem: told ?? before ?? 'nvidia-smi does not show it any more' };
    });
}

/** `… for GPU0000:65:00.0: GPU is lost.  Reboot …` → `GPU is lost` */
const wordsOf = (said: string): string => /:[0-9a-f]{2}\.[0-9a-f]:\s*([^.]+)/i.exec(said)?.[1]?.trim() ?? said;
