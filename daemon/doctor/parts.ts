import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Config } from '../../shared/config.ts';
import type { Engine, EngineInfo } from '../engine/engine.ts';
import { fileSystemOf } from '../hosts/filesystem.ts';
import type { FileSystem } from '../hosts/filesystem.ts';
import type { Host, HostFacts } from '../hosts/host.ts';
import { nvidiaCards } from '../hosts/pci.ts';
import { runLimited } from '../hosts/run-limited.ts';
import { attachMethod, toolkitInstalled, toolkitPlaces } from '../hosts/toolkit.ts';
import type { AttachMethod } from '../hosts/toolkit.ts';
import type { Trial } from './engine-checks.ts';
import { helperContainer } from '../engine/helper-container.ts';
import { probeOverlay } from './overlay.ts';

/** Everything that the doctor looks at, so that a test can have any of it ill. What throws is a failed look, and is told as such. */
export interface DoctorParts {
  home: string;
  config: Pick<Config, 'images' | 'defaultPython' | 'minFreeDisk'>;
  nodeVersion: string;
  endpoint: string;
  /** mode null: no such folder */
  homeState(): Promise<{ mode: number | null; writable: boolean }>;
  fileSystem(): Promise<FileSystem>;
  /** what `git --version` says; null: no git */
  gitVersion(): Promise<string | null>;
  facts(): Promise<HostFacts>;
  /** of each GPU (its UUID) what speaks against handing it out now, as the scheduler sees it; null: nothing */
  gpuStates(): Promise<ReadonlyMap<string, string | null>>;
  /** NVIDIA cards on the machine's bus */
  nvidiaCards(): Promise<number>;
  info(): Promise<EngineInfo>;
  /** how containers would be given GPUs */
  attach(info: EngineInfo): Promise<AttachMethod>;
  toolkitInstalled(): Promise<boolean>;
  hasImage(image: string): Promise<boolean>;
  /** runs a container that prints its limit of memory */
  trial(image: string): Promise<Trial>;
  overlay(image: string): Promise<boolean>;
  /** local images that may have a shell, besides those of the config */
  otherImages(): Promise<string[]>;
}

export interface DoctorOptions {
  home: string;
  config: Config;
  engine: Engine;
  host: Host;
  otherImages?(): Promise<string[]>;
  gpuStates?(): Promise<ReadonlyMap<string, string | null>>;
}

const limit = 64 * 2 ** 20;

/** The parts of this machine. */
export function doctorParts(options: DoctorOptions): DoctorParts {
  const { home, config, engine, host, otherImages = async () => [], gpuStates = async () => new Map() } = options;
  const places = toolkitPlaces();
  return {
    home,
    config,
    nodeVersion: process.version,
    endpoint: engine.endpoint,
    async homeState() {
      const found = await stat(home).catch(() => null);
      const writable = await access(home, constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      );
      return { mode: found?.isDirectory() ? found.mode & 0o7777 : null, writable };
    },
    fileSystem: () => fileSystemOf(home),
    async gitVersion() {
      const ended = await runLimited('git', ['--version'], 10_000);
      return ended.kind === 'exited' && ended.exitCode === 0 ? ended.output : null;
    },
    facts: () => host.facts({ fresh: true }),
    gpuStates,
    nvidiaCards: () => nvidiaCards(),
    info: () => engine.info(),
    attach: (info) => attachMethod(info, places, config.gpus.attach),
    toolkitInstalled: () => toolkitInstalled(places),
    hasImage: async (image) => (await engine.image(image)) !== null,
    async trial(image) {
      // where the kernel's two generations of cgroups keep it
      const script = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; true';
      return { ...(await engine.runToEnd({ ...helperContainer('doctor', image, script), memory: limit }, 60_000)), limit };
    },
    overlay: (image) => probeOverlay(engine, home, image),
    otherImages,
  };
}
