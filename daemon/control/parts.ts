import type { Config } from '../../shared/config.ts';
import type { Result } from '../../shared/result.ts';
import type { Activity } from '../activity/activity.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { Engine } from '../engine/engine.ts';
import type { Downloads } from '../environments/downloads.ts';
import type { Environments } from '../environments/environments.ts';
import type { Logger } from '../logger.ts';
import type { Logs } from '../logs/logs.ts';
import type { Meter } from '../metrics/meter.ts';
import type { DiskUse } from '../policy/disk-use.ts';
import type { Policy } from '../policy/policy.ts';
import type { SecretBox } from '../secrets/box.ts';
import type { Servers } from '../servers/servers.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { RunRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Gpu } from '../hosts/host.ts';
import type { AttachMethod } from '../hosts/toolkit.ts';
import type { Claims } from './claims/claims.ts';
import type { EngineMonitor } from './engine-monitor.ts';
import type { Gate } from './gate.ts';
import type { Suspects } from './claims/suspects.ts';
import type { StateFolders } from './state-folder.ts';

/** Everything that the control loop works with; composed in daemon/context.ts. */
export interface ControlParts {
  /** where everything of the installation lies */
  home: string;
  installation: string;
  store: Store;
  engine: Engine;
  monitor: EngineMonitor;
  snapshots: Snapshots;
  environments: Environments;
  /** of pip and uv, kept for the next one */
  downloads: Downloads;
  artifacts: Artifacts;
  logs: Logs;
  states: StateFolders;
  claims: Claims;
  /** names of all hosts of the pool */
  hosts(): readonly string[];
  /** the GPUs of a host, and how its engine gives them to containers */
  gpus: {
    of(host: string): Promise<readonly Gpu[]>;
    /** as they are known or remembered, without waiting for nvidia-smi */
    known(host: string): Promise<readonly Gpu[]>;
    /** why they cannot be seen or used as they should; null: nothing wrong */
    problem(host: string): Promise<string | null>;
    attach(host: string): Promise<AttachMethod>;
    /** each has a device file of its own, so that a container can be asked which it has; under WSL they share one */
    haveFiles(host: string): boolean;
    suspects: Suspects;
  };
  config: Config;
  /** what each user may have */
  policy: Policy;
  /** what their artifacts take */
  diskUse: DiskUse;
  logger: Logger;
  /** name → value of a project's secrets */
  secretsOf(project: string): Result<Record<string, string>>;
  secretBox: SecretBox;
  /** deletes what root of a container made, where this process may not */
  deleteAsRoot(path: string): Promise<void>;
  /** whether workspaces may be overlays; noOverlay records that the engine refused one */
  overlay: { allowed(): boolean; refused(why: string): void };
  /** the certificates of the config with the system's own, PEM; null: none are configured */
  certificates(): Promise<string | null>;
  /** VS Code servers for images that have none */
  servers: Servers;
  /** ends when the daemon stops: waits and pulls are given up, containers go on */
  signal: AbortSignal;
  /** runs whose artifacts somebody is writing now: not for gc */
  inUse: Set<number>;
  /** submits pass together, a gc passes alone */
  gate: Gate;
  /** measures what the jobs that run use */
  meter: Meter;
  /** ends dev environments that nobody uses */
  activity: Activity;
  /** sees to it that a watch is told of changes of its project */
  watch(run: RunRecord): void;
  /** what each user has used lately, GPU-seconds decayed with age */
  usage(): ReadonlyMap<string, number>;
  /** called when the last driver has let go: nothing is under way any more */
  idle(): void;
  now(): number;
}
