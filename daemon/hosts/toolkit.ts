import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { EngineInfo } from '../engine/engine.ts';

/** Where a machine is looked at for NVIDIA's container toolkit. */
export interface ToolkitPlaces {
  /** folders with programs, like PATH */
  path: string;
  cdiDirs: string[];
}

/** This machine; the engine's own PATH may have folders that ours lacks. */
export const toolkitPlaces = (env: NodeJS.ProcessEnv = process.env): ToolkitPlaces => ({
  path: [env['PATH'] ?? '', '/usr/local/bin', '/usr/bin', '/usr/sbin'].join(delimiter),
  cdiDirs: ['/etc/cdi', '/var/run/cdi'],
});

/**
 * How the engine can give GPUs to containers: through the hook (what `--gpus` calls) or its runtime, or through CDI; null: not at all, the toolkit is missing.
 */
export async function containerToolkit(info: EngineInfo, places: ToolkitPlaces): Promise<'runtime' | 'hook' | 'cdi' | null> {
  if (info.runtimes.includes('nvidia') || info.defaultRuntime === 'nvidia') return 'runtime';
  if (await onPath('nvidia-container-runtime-hook', places.path)) return 'hook';
  if (info.cdi && (await hasNvidiaSpec(places.cdiDirs))) return 'cdi';
  return null;
}

/** The toolkit's own tool is here, whether the engine was told of it or not. */
export const toolkitInstalled = (places: ToolkitPlaces): Promise<boolean> => onPath('nvidia-ctk', places.path);

async function onPath(name: string, path: string): Promise<boolean> {
  const tries = path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => access(join(folder, name), constants.X_OK));
  return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled');
}

async function hasNvidiaSpec(dirs: string[]): Promise<boolean> {
  for (const dir of dirs) {
    for (const name of await readdir(dir).catch(() => [])) {
      const text = await readFile(join(dir, name), 'utf8').catch(() => '');
      if (/nvidia\.com\/gpu/.test(text)) return true;
    }
  }
  return false;
}
