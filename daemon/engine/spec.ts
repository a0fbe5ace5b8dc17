import type { ContainerCreateOptions, DeviceRequest, MountSettings } from 'dockerode';
import { EngineError, type ContainerSpec, type MountSpec } from './engine.ts';

/** What the engine is asked to create for a spec. Throws EngineError `mount` for an overlay whose paths the kernel could not take. */
export function createBody(spec: ContainerSpec): ContainerCreateOptions {
  return {
    Image: spec.image,
    Labels: spec.labels,
    Env: Object.entries(environment(spec)).map(([name, value]) => `${name}=${value}`),
    WorkingDir: spec.workingDir,
    Tty: spec.tty,
    // with a terminal there is somebody to type; without one, reading gives the end of the file at once
    OpenStdin: spec.tty,
    ...(spec.entrypoint ? { Entrypoint: spec.entrypoint } : {}),
    ...(spec.command ? { Cmd: spec.command } : {}),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.healthCheck === false ? { Healthcheck: { Test: ['NONE'] } } : {}),
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [`${port.container}/tcp`, {}])),
    HostConfig: {
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      Init: spec.init,
      ...(spec.terminalSize ? { ConsoleSize: [spec.terminalSize.rows, spec.terminalSize.columns] } : {}),
      // stated, because the engine adds its configured defaults for what is left out: a rotated record has no beginning, and a
      // non-blocking one has holes. There is no word for "unlimited", hence an exabyte.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1000000t', mode: 'blocking' } },
      Mounts: spec.mounts.map((mount) => mountSettings(mount, spec.labels)),
      PortBindings: Object.fromEntries(
        spec.ports.map((port) => [
          `${port.container}/tcp`,
          [{ HostIp: '127.0.0.1', HostPort: port.host === null ? '' : String(port.host) }],
        ]),
      ),
      ...(spec.network ? { NetworkMode: spec.network === 'none' ? 'none' : `container:${spec.network.container}` } : {}),
      ...(spec.cpu === null ? {} : { NanoCpus: Math.round(spec.cpu * 1e9) }),
      ...(spec.memory === null ? {} : { Memory: spec.memory, MemorySwap: spec.memory }),
      ...(spec.pids ? { PidsLimit: spec.pids } : {}),
      ...(spec.shmSize === null ? {} : { ShmSize: spec.shmSize }),
      ...(spec.gpus.length === 0 ? {} : { DeviceRequests: [deviceRequest(spec)] }),
    },
  };
}

/**
 * Exactly these GPUs, by UUID. As `docker run --gpus` asks: the engine names them in NVIDIA_VISIBLE_DEVICES, and NVIDIA's hook adds the devices. Or by CDI:
 * the engine itself adds what the machine's CDI specification says of each.
 */
function deviceRequest({ gpus, gpuAttach = 'gpus' }: ContainerSpec): DeviceRequest {
  switch (gpuAttach) {
    case 'gpus':
      return { Driver: 'nvidia', DeviceIDs: gpus, Capabilities: [['gpu']] };
    case 'cdi':
      return { Driver: 'cdi', DeviceIDs: gpus.map((uuid) => `nvidia.com/gpu=${uuid}`) };
  }
}

function environment(spec: ContainerSpec): Record<string, string> {
  const env = { ...spec.env };
  if (spec.bare) return env;
  // A device request of the driver `nvidia` sets this one. Otherwise (no GPUs, or CDI) it must say that there is nothing to add, or an engine whose default
  // runtime is `nvidia` hands out what the image asks for.
  if (spec.gpus.length > 0 && spec.gpuAttach !== 'cdi') delete env['NVIDIA_VISIBLE_DEVICES'];
  else env['NVIDIA_VISIBLE_DEVICES'] = 'void';
  // signals reach the whole process group, not just the init's child
  if (spec.init) env['TINI_KILL_PROCESS_GROUP'] = '1';
  return env;
}

/** In the form with fields, not `source:target`, so that any path works. */
function mountSettings(mount: MountSpec, labels: Record<string, string>): MountSettings {
  if (mount.type === 'bind') return { Type: 'bind', Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly };
  return {
    Type: 'volume',
    Source: mount.volume,
    Target: mount.target,
    VolumeOptions: { NoCopy: true, Labels: labels, DriverConfig: { Name: 'local', Options: overlayOptions(mount) } },
  };
}

/** Options of the `local` volume driver for an overlay. */
export function overlayOptions(mount: Extract<MountSpec, { type: 'overlay' }>): { type: string; device: string; o: string } {
  for (const path of [mount.lower, mount.upper, mount.work]) {
    if (/[:,\\]/.test(path)) throw new EngineError('mount', `${path} cannot be part of an overlay: its name has one of : , \\`);
  }
  return { type: 'overlay', device: 'overlay', o: `lowerdir=${mount.lower},upperdir=${mount.upper},workdir=${mount.work}` };
}
