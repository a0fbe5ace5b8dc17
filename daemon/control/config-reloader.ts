import { readConfig } from '../../shared/config-file.ts';
import { homeFiles } from '../../shared/home.ts';
import type { Config } from '../../shared/config.ts';
import { ok, type Result } from '../../shared/result.ts';
import { fileStamp } from '../file-stamp.ts';

/**
 * A function that brings `config` up to date, in place, when its file has changed since it was last read. It fails as readConfig does; the old values
 * then stay. `gc_interval` counts from the daemon's start.
 */
export function configReloader(home: string, config: Config): () => Promise<Result<void>> {
  const { config: file } = homeFiles(home);
  // none was read before
  let stamp: string | null | undefined;
  return async () => {
    const now = await fileStamp(file);
    if (now === stamp) return ok(undefined);
    const read = await readConfig(home);
    if (!read.ok) return read;
    Object.assign(config, read.value);
    stamp = now;
    return ok(undefined);
  };
}
