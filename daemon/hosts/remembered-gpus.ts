import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Gpu } from './host.ts';

export interface Remembered {
  /** when they were read (ms since 1970) */
  at: number;
  /** without what changes from moment to moment */
  gpus: Gpu[];
}

/** What outlives the daemon of what it knew of the GPUs. */
export interface RememberedGpus {
  /** null: nothing, or nothing that can be read */
  read(): Promise<Remembered | null>;
  /** what was read just now; written down where it differs from before, and once in a while */
  note(gpus: readonly Gpu[], at: number): Promise<void>;
}

/** How much older than the last reading the time in the file may be (ms). */
const writeAfter = 600_000;

/** In a file, for when the driver fails just when a daemon is started: runs then wait for GPUs that are known, instead of being refused. */
export function rememberedGpus(path: string): RememberedGpus {
  let written = { text: '', at: -Infinity };
  return {
    async read() {
      try {
        const found = JSON.parse(await readFile(path, 'utf8')) as Remembered;
        return Number.isFinite(found.at) && found.gpus.length > 0 && found.gpus.every(isGpu) ? found : null;
      } catch {
        return null;
      }
    },
    async note(gpus, at) {
      const lasting = gpus.map((gpu) => ({ ...gpu, memoryUsed: null, utilization: null, temperature: null, power: null, processes: [] }));
      const text = JSON.stringify(lasting);
      if (text === written.text && at >= written.at && at - written.at < writeAfter) return;
      try {
        // a killed daemon leaves the whole of the old one or of the new one
        await writeFile(`${path}.new`, JSON.stringify({ at, gpus: lasting } satisfies Remembered), { mode: 0o600 });
        await rename(`${path}.new`, path);
        written = { text, at };
      } catch {
        // a full disk: it is tried again with the next reading
      }
    },
  };
}

/** Nobody but the daemon writes the file; this is against one cut short or of another version. */
const isGpu = ({ uuid, index, name, driver, processes }: Gpu): boolean =>
  [uuid, name, driver].every((text) => typeof text === 'string') && Number.isInteger(index) && Array.isArray(processes);
