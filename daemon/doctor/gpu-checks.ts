/** What GPU runs need. Pure: facts in, a check out. */
import type { Check } from '../../shared/api.ts';
import type { HostFacts } from '../hosts/host.ts';
import { toolkitMissing } from '../hosts/toolkit.ts';
import { fine, problem, warning } from './check.ts';

/** `cards`: NVIDIA cards in this machine, with a driver or without. */
export function checkDriver({ gpus, gpuProblem }: Pick<HostFacts, 'gpus' | 'gpuProblem'>, cards: number): Check {
  const name = 'gpu driver';
  const install =
    'Ubuntu: sudo ubuntu-drivers install && sudo reboot. Debian (non-free): sudo apt-get install -y nvidia-driver && sudo reboot';
  // the other check says that
  if (gpuProblem !== null && gpuProblem !== toolkitMissing) {
    return gpus.length === 0
      ? problem(name, gpuProblem, install)
      : warning(name, gpuProblem, 'sudo dmesg | grep -i -e nvrm -e xid; a reboot often helps');
  }
  const [first] = gpus;
  if (first) return fine(name, `NVIDIA driver ${first.driver}, ${gpus.length} × ${[...new Set(gpus.map((gpu) => gpu.name))].join(', ')}`);
  if (cards === 0) return fine(name, 'There is no NVIDIA GPU in this machine.');
  return warning(name, 'There is an NVIDIA GPU in this machine, but no driver for it.', install);
}

/** null: no GPU, so nothing to give to containers. */
export function checkToolkit(gpuCount: number, toolkit: 'runtime' | 'hook' | 'cdi' | null, installed: boolean): Check | null {
  if (gpuCount === 0) return null;
  if (toolkit) return fine('gpu toolkit', `Containers can be given GPUs (${toolkit}).`);
  const configure = 'sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker';
  if (installed) return problem('gpu toolkit', "NVIDIA's container toolkit is installed, but the engine was not told of it.", configure);
  const where = 'https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html';
  return problem(
    'gpu toolkit',
    toolkitMissing,
    `sudo apt-get install -y nvidia-container-toolkit (package source: ${where}), then: ${configure}`,
  );
}
