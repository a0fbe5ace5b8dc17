import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { EngineInfo } from '../engine/engine.ts';

/** Where a machine is looked at for NVIDIA's container toolkit. */
export interface ToolkitPlaces {
  /** folders with programs, like PATH */
  path: string;
}

/** This machine; the engine's own PATH may have folders that ours lacks. */
export const toolkitPlaces = (env: NodeJS.ProcessEnv = process.env): ToolkitPlaces => ({
  path: [env['PATH'] ?? '', '/usr/local/bin', '/usr/bin', '/usr/sbin'].join(delimiter),
});

/** How the engine gives GPUs to a container: `gpus`, what `docker run --gpus` asks for (a device request of the driver `nvidia`), or CDI. */
export type AttachMethod = { method: 'gpus' | 'cdi' } | { method: null; why: string };

export const toolkitMissing = 'The NVIDIA driver is here, but its container toolkit is not, so containers cannot be given GPUs.';

/**
 * What to ask the engine for, by `config.gpus.attach`. `auto` looks: NVIDIA's hook, which `--gpus` calls, then CDI, then NVIDIA's runtime alone (its hook
 * may lie where only the engine sees it). `gpus` is believed. `why` is a sentence for the user.
 */
export async function attachMethod(info: EngineInfo, places: ToolkitPlaces, wanted: 'auto' | 'gpus' | 'cdi'): Promise<AttachMethod> {
  switch (wanted) {
    case 'gpus':
      return { method: 'gpus' };
    case 'cdi':
      if (info.cdiSpecDirs.length === 0)
        return { method: null, why: `\`gpus.attach\` is cdi, and Docker Engine ${info.version} has no CDI, or it is not switched on.` };
      if (await hasNvidiaSpec(info)) return { method: 'cdi' };
      return {
        method: null,
        why: `\`gpus.attach\` is cdi, and there is no CDI specification of nvidia.com/gpu in ${info.cdiSpecDirs.join(' or ')}.`,
      };
    case 'auto': {
      const found = await containerToolkit(info, places);
      if (found === null) return { method: null, why: toolkitMissing };
      return { method: found === 'cdi' ? 'cdi' : 'gpus' };
    }
  }
}

/** By what the engine can give GPUs to containers, the best first; null: not at all, the toolkit is missing. */
export async function containerToolkit(info: EngineInfo, places: ToolkitPlaces): Promise<'hook' | 'cdi' | 'runtime' | null> {
  if (await onPath('nvidia-container-runtime-hook', places.path)) return 'hook';
  if (await hasNvidiaSpec(info)) return 'cdi';
  return info.runtimes.includes('nvidia') || info.defaultRuntime === 'nvidia' ? 'runtime' : null;
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

/** The engine has CDI, and a specification of NVIDIA's GPUs is where it looks. */
async function hasNvidiaSpec(info: EngineInfo): Promise<boolean> {
  for (const dir of info.cdiSpecDirs) {
    for (const name of await readdir(dir).catch(() => [])) {
      const text = /\.(json|ya?ml)$/.test(name) ? await readFile(join(dir, name), 'utf8').catch(() => '') : '';
      if (/kind["']?\s*:\s*["']?nvidia\.com\/gpu/.test(text)) return true;
    }
  }
  return false;
}
