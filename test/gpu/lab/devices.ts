/** What of a machine with an NVIDIA GPU a container needs to use it. */
import { existsSync } from 'node:fs';

/** The driver's programs and libraries, where such machines have them in one folder. */
export const driverFolder = '/usr/local/nvidia';

/** Device files that go with every GPU. */
export const commonDevices = (): string[] =>
  ['/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools'].filter((path) => existsSync(path));

/** Of each GPU in `nvidia-smi -q -x`: N of its device file /dev/nvidiaN. */
export function minorsOf(xml: string): { uuid: string; minor: number }[] {
  return xml
    .split(/<gpu id=/)
    .slice(1)
    .map((gpu, index) => {
      const minor = Number(/<minor_number>(\d+)/.exec(gpu)?.[1] ?? index);
      return { uuid: /<uuid>(GPU-[^<]+)/.exec(gpu)?.[1] ?? '', minor };
    });
}
