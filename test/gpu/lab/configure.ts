/**
 * `configure.ts DIR`: on a machine with NVIDIA's driver but without its container toolkit, writes into DIR what a Docker Engine needs to give GPUs to
 * containers, and a daemon.json that names it: a CDI specification, and two stand-ins for the toolkit. These are a hook that does nothing (the engine
 * refuses `--gpus` without one) and a default runtime (prepare-bundle.ts, then runc) that does what the hook would. CDI is the engine's own work.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commonDevices, driverFolder, minorsOf } from './devices.ts';

const dir = process.argv[2];
if (!dir) throw new Error('usage: configure.ts DIR');
const bin = join(dir, 'bin');
const cdi = join(dir, 'cdi');
for (const each of [bin, cdi]) mkdirSync(each, { recursive: true });

const minors = minorsOf(execFileSync('nvidia-smi', ['-q', '-x'], { encoding: 'utf8' }));
const nodes = (numbers: readonly number[]) => [...numbers.map((n) => `/dev/nvidia${n}`), ...commonDevices()].map((path) => ({ path }));
const mounts = [{ hostPath: driverFolder, containerPath: driverFolder, options: ['ro', 'nosuid', 'nodev', 'rbind'] }];
const device = (name: string, numbers: readonly number[]) => ({ name, containerEdits: { deviceNodes: nodes(numbers), mounts } });
const devices = [
  ...minors.flatMap(({ uuid, minor }, index) => [device(uuid, [minor]), device(String(index), [minor])]),
  device(
    'all',
    minors.map(({ minor }) => minor),
  ),
];
writeFileSync(join(cdi, 'nvidia.json'), JSON.stringify({ cdiVersion: '0.5.0', kind: 'nvidia.com/gpu', devices }, null, 2));

const script = (name: string, text: string): string => {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};
script('nvidia-container-runtime-hook', 'exit 0');
const prepare = `'${process.execPath}' '${join(import.meta.dirname, 'prepare-bundle.ts')}' "$@" || exit`;
const runtime = script('nvidia-stand-in', `case " $* " in *' create '*) ${prepare} ;; esac\nexec runc "$@"`);
const config = {
  features: { cdi: true },
  'cdi-spec-dirs': [cdi],
  'userland-proxy': false,
  runtimes: { 'stand-in': { path: runtime } },
  'default-runtime': 'stand-in',
};
writeFileSync(join(dir, 'daemon.json'), JSON.stringify(config, null, 2));
