/**
 * Stand-in for NVIDIA's container runtime, for machines that have the driver but not the toolkit; called as runc would be for `create`. Gives the
 * container the GPUs that its NVIDIA_VISIBLE_DEVICES names (the engine sets it from `--gpus`), and takes the hook out that would have done it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commonDevices, driverFolder, minorsOf } from './devices.ts';

/** The parts of an OCI configuration that are touched. */
interface Config {
  process: { env: string[] };
  mounts: object[];
  hooks?: { prestart?: { path: string }[] };
  linux: { devices?: object[]; resources: { devices?: object[] } };
}

const args = process.argv.slice(2);
prepare(join(args[args.indexOf('--bundle') + 1] ?? '.', 'config.json'));

function prepare(file: string): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as Config;
  const wanted = config.process.env.find((each) => each.startsWith('NVIDIA_VISIBLE_DEVICES='))?.split('=')[1] ?? '';
  if (!['', 'void', 'none'].includes(wanted)) {
    for (const path of [...deviceFiles(wanted.split(',')), ...commonDevices()]) addDevice(config, path);
    config.mounts.push({ destination: driverFolder, type: 'bind', source: driverFolder, options: ['rbind', 'ro', 'nosuid', 'nodev'] });
  }
  if (config.hooks?.prestart)
    config.hooks.prestart = config.hooks.prestart.filter(({ path }) => !path.includes('nvidia-container-runtime-hook'));
  writeFileSync(file, JSON.stringify(config));
}

function deviceFiles(wanted: string[]): string[] {
  const gpus = minorsOf(execFileSync('nvidia-smi', ['-q', '-x'], { encoding: 'utf8' }));
  return gpus
    .filter(({ uuid }, index) => wanted.includes('all') || wanted.includes(uuid) || wanted.includes(String(index)))
    .map(({ minor }) => `/dev/nvidia${minor}`);
}

function addDevice({ linux }: Config, path: string): void {
  // as the C library takes a device number apart
  const { rdev } = statSync(path);
  const node = { type: 'c', major: (rdev >> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >> 12) & 0xfff00) };
  (linux.devices ??= []).push({ ...node, path, fileMode: 0o666, uid: 0, gid: 0 });
  (linux.resources.devices ??= []).push({ ...node, allow: true, access: 'rwm' });
}
