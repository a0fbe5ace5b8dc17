/**
 * Stand-ins for what NVIDIA puts on a machine, where there is no GPU: nvidia-smi (nvidia-smi.ts), the container toolkit's `nvidia-container-runtime-hook`, which
 * a real engine calls for `--gpus`, and a CDI specification. As with the real ones a container then has a `/dev/nvidiaN` for each GPU that it was given.
 */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nvidiaSmi, type NvidiaSmi, type StandInGpu } from './nvidia-smi.ts';
import { scratchDir } from './scratch.ts';

export interface GpuStandIn {
  /** folder with nvidia-smi and the hook: put it before PATH, of the engine and of the daemon */
  bin: string;
  /** folder with the CDI specification: startEngine({ cdi }) */
  cdi: string;
  uuids: string[];
  smi: NvidiaSmi;
  /** From now on who asks for `uuid` gets `/dev/nvidiaN` of these numbers, whether that is right or not; 'own': what is right */
  give(uuid: string, devices: number[] | 'own'): void;
}

/** The UUID of the nth of them, from 0. */
export const standInUuid = (n: number): string =>
  `GPU-${String(n + 1).repeat(8)}-${[4, 4, 4, 12].map((length) => String(n + 1).repeat(length)).join('-')}`;

/** A machine with so many A100 (nine at most), or with these. `hook` false: without the container toolkit. */
export function gpuStandIn(gpus: number | StandInGpu[], { hook = true } = {}): GpuStandIn {
  const list = typeof gpus === 'number' ? Array.from({ length: gpus }, (_, n) => ({ uuid: standInUuid(n) })) : gpus;
  const dir = scratchDir('g');
  const [bin, cdi] = [join(dir, 'bin'), join(dir, 'cdi')];
  for (const folder of [bin, cdi]) mkdirSync(folder);
  const uuids = list.map((gpu) => gpu.uuid);
  const devices = new Map(uuids.map((uuid, n) => [uuid, [n]]));
  const put = (path: string, text: string): void => {
    writeFileSync(`${path}.new`, text);
    chmodSync(`${path}.new`, 0o755);
    renameSync(`${path}.new`, path);
  };
  const write = (): void => {
    put(join(dir, 'devices'), [...devices].map(([uuid, numbers]) => `${uuid} ${numbers.join(' ')}\n`).join(''));
    put(join(cdi, 'nvidia.json'), JSON.stringify(cdiSpec(devices)));
  };
  write();
  if (hook) put(join(bin, 'nvidia-container-runtime-hook'), hookScript(join(dir, 'devices')));
  return {
    bin,
    cdi,
    uuids,
    smi: nvidiaSmi(bin, list),
    give: (uuid, numbers) => {
      devices.set(uuid, numbers === 'own' ? [uuids.indexOf(uuid)] : numbers);
      write();
    },
  };
}

/** In the form that `nvidia-ctk cdi generate` writes; /dev/null stands for the device. */
const cdiSpec = (devices: ReadonlyMap<string, number[]>): object => ({
  cdiVersion: '0.5.0',
  kind: 'nvidia.com/gpu',
  devices: [...devices].map(([name, numbers]) => ({
    name,
    containerEdits: { deviceNodes: numbers.map((n) => ({ path: `/dev/nvidia${n}`, hostPath: '/dev/null' })) },
  })),
  containerEdits: { env: ['NVIDIA_VISIBLE_DEVICES=void'] },
});

/**
 * The engine runs it before the container's own program (a prestart hook), with the container's state as JSON on stdin. What was asked for stands in the
 * container's environment; what is given, in the file `devices`. Outside of the container, as the real one: it enters the container's mounts.
 */
const hookScript = (devices: string): string => `#!/bin/sh
set -e
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
state=$(cat)
pid=$(printf %s "$state" | sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p')
bundle=$(printf %s "$state" | sed -n 's/.*"bundle": *"\\([^"]*\\)".*/\\1/p')
root=$(sed -n 's/.*"root": *{"path": *"\\([^"]*\\)".*/\\1/p' "$bundle/config.json")
asked=$(sed -n 's/.*"NVIDIA_VISIBLE_DEVICES=\\([^"]*\\)".*/\\1/p' "$bundle/config.json")
case $asked in ''|void|none) exit 0 ;; esac
for uuid in $(echo "$asked" | tr , ' '); do
  line=$(grep "^$uuid " ${devices}) || { echo "no such GPU: $uuid" >&2; exit 1; }
  for n in \${line#* }; do
    nsenter --mount --target "$pid" -- sh -c 'mknod -m 666 "$1" c 1 3' sh "$root/dev/nvidia$n"
  done
done
`;
