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
export type AttachMethod = { method: 'gpus' | 'cdi' } | { method: null; why: string; fix?: string };

export const toolkitMissing = 'The NVIDIA driver is here, but its container toolkit is not, so containers cannot be given GPUs.';

/** How to make a CDI specification whose devices can be asked for by UUID: before version 1.15 of the toolkit they had numbers only. */
export const makeCdiSpec = 'sudo nvidia-ctk cdi generate --device-name-strategy=uuid --output=/etc/cdi/nvidia.yaml';

/**
 * What to ask the engine for, by `config.gpus.attach`. `auto` looks: NVIDIA's hook, which `--gpus` calls, then CDI, then NVIDIA's runtime alone (its hook
 * may lie where only the engine sees it). `gpus` is believed. `why` is a sentence for the user, `fix` what mends it
 * where that is known.
 */
export async function attachMethod(info: EngineInfo, places: ToolkitPlaces, wanted: 'auto' | 'gpus' | 'cdi'): Promise<AttachMethod> {
  switch (wanted) {
    case 'gpus':
      return { method: 'gpus' };
    case 'cdi':
      return cdiMethod(info);
    case 'auto': {
      const found = await containerToolkit(info, places);
      if (found !== null) return { method: found === 'cdi' ? 'cdi' : 'gpus' };
      if ((await cdiSpec(info)) !== 'numbers') return { method: null, why: toolkitMissing };
      return { method: null, why: `Containers cannot be given GPUs: ${numbersOnly}.`, fix: makeCdiSpec };
    }
  }
}

async function cdiMethod(info: EngineInfo): Promise<AttachMethod> {
  const not = (why: string, fix: string): AttachMethod => ({ method: null, why: `\`gpus.attach\` is cdi, and ${why}.`, fix });
  switch (await cdiSpec(info)) {
    case 'uuids':
      return { method: 'cdi' };
    case 'numbers':
      return not(numbersOnly, makeCdiSpec);
    case 'none':
      return not(`there is no CDI specification of nvidia.com/gpu in ${info.cdiSpecDirs.join(' or ')}`, makeCdiSpec);
    case 'no_cdi':
      return not(`Docker Engine ${info.version} has no CDI, or it is not switched on`, switchOnCdi);
  }
}

const numbersOnly = 'the CDI specification names GPUs by number, not by UUID: it must be made anew';
const switchOnCdi =
  'Docker 25 or newer, with "features": {"cdi": true} in /etc/docker/daemon.json; or `gpus: {attach: auto}` in config.yaml';

/** By what the engine can give GPUs to containers, the best first; null: not at all, the toolkit is missing. */
export async function containerToolkit(info: EngineInfo, places: ToolkitPlaces): Promise<'hook' | 'cdi' | 'runtime' | null> {
  if (await onPath('nvidia-container-runtime-hook', places.path)) return 'hook';
  if ((await cdiSpec(info)) === 'uuids') return 'cdi';
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

/** The specification of NVIDIA's GPUs where the engine looks for it, by what it calls them. */
async function cdiSpec(info: EngineInfo): Promise<'uuids' | 'numbers' | 'none' | 'no_cdi'> {
  if (info.cdiSpecDirs.length === 0) return 'no_cdi';
  let found = false;
  for (const dir of info.cdiSpecDirs) {
    for (const name of await readdir(dir).catch(() => [])) {
      const text = /\.(json|ya?ml)$/.test(name) ? await readFile(join(dir, name), 'utf8').catch(() => '') : '';
      if (!/kind["']?\s*:\s*["']?nvidia\.com\/gpu/.test(text)) continue;
      if (/\b(GPU|MIG)-[0-9a-f]{8}-/i.test(text)) return 'uuids';
      found = true;
    }
  }
  return found ? 'numbers' : 'none';
}
