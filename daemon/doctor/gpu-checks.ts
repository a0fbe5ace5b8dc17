/** What GPU runs need. Pure: facts in, a check out. */
import type { Check } from '../../shared/api.ts';
import { moment } from '../../shared/moment.ts';
import { dividedIntoMig } from '../hosts/gpu-report.ts';
import type { Gpu, HostFacts } from '../hosts/host.ts';
import { toolkitMissing } from '../hosts/toolkit.ts';
import type { AttachMethod } from '../hosts/toolkit.ts';
import { fine, problem, warning } from './check.ts';

const words = 'sudo dmesg | grep -i -e nvrm -e xid  # what the driver said; a reboot often helps';
const install =
  'Ubuntu: sudo ubuntu-drivers install && sudo reboot. Debian (non-free): sudo apt-get install -y nvidia-driver && sudo reboot';

/** `cards`: NVIDIA cards in this machine, with a driver or without. `attach` null: the engine could not be asked. */
export function checkDriver(
  { gpus, gpuProblem }: Pick<HostFacts, 'gpus' | 'gpuProblem'>,
  cards: number,
  attach: AttachMethod | null,
): Check {
  const name = 'gpu driver';
  // that one is said by checkToolkit
  const known = attach?.method === null ? attach.why : toolkitMissing;
  if (gpuProblem !== null && gpuProblem !== known) {
    const fix = remedy(gpuProblem, gpus.length > 0);
    return gpus.length === 0 ? problem(name, gpuProblem, fix) : warning(name, gpuProblem, fix);
  }
  const [first] = gpus;
  if (first) return fine(name, `NVIDIA driver ${first.driver}, ${inventory(gpus)}`);
  if (cards === 0) return fine(name, 'There is no NVIDIA GPU in this machine.');
  return warning(name, 'There is an NVIDIA GPU in this machine, but no driver for it.', install);
}

/** A driver that is there is not to be installed; `seen`: it has worked. */
function remedy(said: string, seen: boolean): string {
  if (/version mismatch/i.test(said)) return 'sudo reboot  # the driver was updated, and the one from before is still loaded';
  if (/did not answer/.test(said)) return 'sudo reboot  # before it, what the driver said: sudo dmesg | grep -i -e nvrm -e xid';
  if (/nvidia-smi is gone/.test(said)) return install;
  return seen ? words : `sudo reboot; where that does not help: ${install}`;
}

/** `2 × NVIDIA A100-SXM4-40GB, 3 × NVIDIA A100-SXM4-40GB MIG 1g.5gb` */
function inventory(gpus: readonly Gpu[]): string {
  const names = gpus.map((gpu) => gpu.name);
  return [...new Set(names)].map((name) => `${names.filter((one) => one === name).length} × ${name}`).join(', ');
}

/** What speaks against handing out single GPUs, of which there is at least one. `states`: as the scheduler sees them now. */
export function checkGpus(
  { gpus, gpusStaleSince, gpuProblem }: Pick<HostFacts, 'gpus' | 'gpusStaleSince' | 'gpuProblem'>,
  states: ReadonlyMap<string, string | null>,
): Check {
  const parts = (gpu: Gpu): Gpu[] => gpus.filter((one) => one.mig?.parent === gpu.uuid);
  const title = (gpu: Gpu): string => `GPU ${gpu.index} (${gpu.name})`;
  const whole = gpus.filter((gpu) => !gpu.mig);
  const divided = whole.filter((gpu) => gpu.problem === dividedIntoMig);
  const ill = gpus.filter((gpu) => gpu.problem !== null && gpu.problem !== dividedIntoMig);
  if (ill.length > 0) {
    const said = `${ill.map((gpu) => `${title(gpu)}: ${gpu.problem}`).join('; ')}.`;
    return gpus.some((gpu) => gpu.problem === null)
      ? warning('gpus', `Not handed out: ${said}`, words)
      : problem('gpus', `No GPU can be handed out: ${said}`, words);
  }
  const empty = divided.find((gpu) => parts(gpu).length === 0);
  if (empty) {
    const fix = `sudo nvidia-smi -i ${empty.index} -mig 0  # as a whole; or make devices: sudo nvidia-smi mig -i ${empty.index} -cgi 19,19 -C`;
    return warning('gpus', `${title(empty)} is set up to be divided (MIG), and has no MIG devices: nothing of it can be handed out.`, fix);
  }
  if (gpusStaleSince !== null) {
    const since = moment(new Date(gpusStaleSince).toISOString());
    return warning(
      'gpus',
      `Who uses them now is not known: they were last read at ${since}, see 'gpu driver'.`,
      remedy(gpuProblem ?? '', true),
    );
  }
  const usable = gpus.filter((gpu) => gpu.problem === null);
  const taken = usable.flatMap((gpu) => {
    const busy = states.get(gpu.uuid) ?? null;
    return busy === null ? [] : [`${gpu.mig ? `MIG device ${gpu.uuid} of ` : ''}GPU ${gpu.index} ${busy}`];
  });
  if (taken.length > 0) {
    const what = usable.some((gpu) => gpu.mig) ? 'GPUs and MIG devices' : usable.length === 1 ? 'GPU' : 'GPUs';
    return fine('gpus', `${usable.length - taken.length} of ${usable.length} ${what} can be handed out now: ${taken.join('; ')}.`);
  }
  const [one, ...more] = divided;
  if (!one) return fine('gpus', whole.length === 1 ? 'The GPU can be handed out.' : `All ${whole.length} GPUs can be handed out.`);
  const others = more.length > 0 ? ` (and ${more.length} more like it)` : '';
  return fine('gpus', `${title(one)} is divided into ${parts(one).length} MIG devices, which are handed out one by one${others}.`);
}

/** null: no GPU, so nothing to give to containers. */
export function checkToolkit(gpuCount: number, attach: AttachMethod, installed: boolean): Check | null {
  if (gpuCount === 0) return null;
  if (attach.method !== null) return fine('gpu toolkit', `Containers are given GPUs with ${attach.method === 'cdi' ? 'CDI' : '--gpus'}.`);
  if (attach.fix !== undefined) return problem('gpu toolkit', attach.why, attach.fix);
  const configure = 'sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker';
  if (installed) return problem('gpu toolkit', "NVIDIA's container toolkit is installed, but the engine was not told of it.", configure);
  const where = 'https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html';
  return problem(
    'gpu toolkit',
    toolkitMissing,
    `sudo apt-get install -y nvidia-container-toolkit (package source: ${where}), then: ${configure}`,
  );
}
