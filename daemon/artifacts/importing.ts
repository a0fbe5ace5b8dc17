import { realpath } from 'node:fs/promises';
import { createRate, transferred } from '../../shared/rate.ts';
import type { Layout } from './layout.ts';
import { allocated } from './use.ts';

type Dirs = readonly { key: string; source: string }[];

export interface Importing {
  /** Does `work`, which copies the folders, and knows of it as long as it goes on. */
  during<T>(runId: number, job: number, dirs: Dirs, work: () => Promise<T>): Promise<T>;
  /** whose folders are being copied in now */
  runs(): number[];
  /** `copying 40 MB of 1.2 GB, 130 MB/s`: looked up on the disk, for whoever asks; null: nothing is being copied. */
  doing(runId: number): Promise<string | null>;
}

/** The copies that are being made of local folders, and how far they are. */
export function createImporting(at: Layout): Importing {
  const going = new Map<number, { job: number; dirs: Dirs; rate: ReturnType<typeof createRate>; total: Promise<number | null> | null }>();
  const sum = async (paths: string[]): Promise<number> => {
    let bytes = 0;
    for (const path of paths) bytes += await allocated(path);
    return bytes;
  };
  /** null: the daemon may not look there. */
  const size = async (dirs: Dirs): Promise<number | null> => {
    try {
      return await sum(await Promise.all(dirs.map(({ source }) => realpath(source))));
    } catch {
      return null;
    }
  };
  return {
    async during(runId, job, dirs, work) {
      going.set(runId, { job, dirs, rate: createRate(), total: null });
      try {
        return await work();
      } finally {
        going.delete(runId);
      }
    },
    runs: () => [...going.keys()],
    async doing(runId) {
      const one = going.get(runId);
      if (!one) return null;
      one.total ??= size(one.dirs);
      const total = await one.total;
      // what is not there yet, or has just got its name, counts as nothing
      const parts = one.dirs.flatMap(({ key }) => [at.part(runId, one.job, key), at.folder(runId, one.job, key)]);
      const copied = (await Promise.all(parts.map((part) => allocated(part).catch(() => 0)))).reduce((all, bytes) => all + bytes, 0);
      return `copying ${transferred(copied, total, one.rate(copied, performance.now()))}`;
    },
  };
}
