import type { EndedStatus } from './states.ts';

/** Who is told that a run has ended: of those that ended so, and ran for at least `after` seconds. */
export type Notifier = { on: EndedStatus[]; after: number } &
  /** run by sh as the daemon's user */
  (
    | { how: 'command'; command: string }
    /** asked with POST; the URL is a secret */
    | { how: 'webhook'; url: string }
  );

/** `$DSTACK_HOME/config.yaml`, with every default filled in. Read by readConfig (shared/config-file.ts); described in the README. */
export interface Config {
  /** image of each Python version; `default` names the version of workflows that give none */
  images: Record<string, string>;
  defaultPython: string;
  /** variables of every container (proxies, mirrors) */
  env: Record<string, string>;
  /** PEM files whose certificates every container trusts */
  caCertificates: string[];
  /** host folders that workflows may mount (and anything below); default: the user's home and /data, /mnt, /scratch */
  mountRoots: string[];
  /** mounts of every container, in the form of a workflow's `mounts` */
  mounts: string[];
  /** seconds between SIGTERM and SIGKILL */
  gracePeriod: number;
  snapshot: { warnBytes: number; maxBytes: number };
  /** bytes of free disk below which runs wait */
  minFreeDisk: number;
  /** seconds after which `gc` may take them; null: kept */
  retention: { logs: number | null; artifacts: number | null; trees: number | null; downloads: number | null };
  /** bytes that cached environments take beyond their images; above it those used least recently go */
  environments: {
    maxSize: number;
    /** of what pip and uv downloaded, for all users together; above it `gc` frees that of those who have most */
    maxDownloads: number;
  };
  /** seconds between automatic gc's; null: only by hand */
  gcInterval: number | null;
  /** seconds before the first retry of a failed run; doubled for each further one, up to ten minutes */
  retryDelay: number;
  /** seconds before the end of `max_duration` at which a run gets SIGUSR1 (at most half of it) */
  warningPeriod: number;
  /** `inactivity_duration` of dev environments that give none, seconds; null: none */
  inactivityDuration: number | null;
  /** the VS Code server, for images that have none */
  code: {
    version: string;
    /** URL or path of an archive, or path of a folder; `{version}` and `{arch}` are filled in */
    server: string;
    /** of the archive of that version, by arch (`x64`, `arm64`); an arch that is not there is not checked */
    sha256: Record<string, string>;
  };
  /** seconds between two samples of what a run uses */
  sampleEvery: number;
  gpus: {
    /** how containers get their GPUs: `--gpus` (device requests), CDI, or what the engine is seen to have */
    attach: 'auto' | 'gpus' | 'cdi';
    /** bytes in use, beside what a desktop takes, above which a GPU that is not ours counts as busy */
    busyMemory: number;
    /** seconds between two readings of nvidia-smi */
    readEvery: number;
    /** seconds after which the claim of another daemon that has no container is cleared */
    claimTimeout: number;
  };
  notify: Notifier[];
}
