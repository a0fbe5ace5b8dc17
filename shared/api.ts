/**
 * The API contract: what CLI and daemon say to each other over `$DSTACK_HOME/dstackd.sock` (HTTP for verbs, one WebSocket for logs
 * and events). Types only, so that the CLI starts without loading a validator; the daemon validates each request with the zod schemas
 * of daemon/api, which are checked against these types.
 *
 * Every problem is answered as a `Failure` ({code, message, hint}) with status 4xx or 5xx; `not_ready` codes name what is missing.
 * `--json` prints these very objects: lists are arrays, times ISO 8601, sizes bytes, durations seconds.
 */
import type { Resources, ProviderName } from './workflow/model.ts';
import type { Status } from './states.ts';

/** Raised with every change of this file that an older peer would not understand. */
export const apiVersion = 1;

/** method and path of each verb; `:name` is filled in from the parameters, the rest travels as query (GET, DELETE) or JSON body. */
export const routes = {
  daemonStatus: { method: 'GET', path: '/v1/daemon' },
  daemonStop: { method: 'POST', path: '/v1/daemon/stop' },
  submit: { method: 'POST', path: '/v1/runs' },
  ps: { method: 'GET', path: '/v1/runs' },
  run: { method: 'GET', path: '/v1/runs/:name' },
  stop: { method: 'POST', path: '/v1/runs/stop' },
  rm: { method: 'POST', path: '/v1/runs/rm' },
  restart: { method: 'POST', path: '/v1/runs/restart' },
  artifactsList: { method: 'GET', path: '/v1/artifacts' },
  /** answers a tar stream, not JSON: the artifact folders under the paths they were saved at (absolute ones without the leading `/`) */
  artifactsDownload: { method: 'GET', path: '/v1/artifacts/download' },
  tagsList: { method: 'GET', path: '/v1/tags' },
  tagsAdd: { method: 'POST', path: '/v1/tags' },
  tagsDelete: { method: 'POST', path: '/v1/tags/delete' },
  secretsList: { method: 'GET', path: '/v1/secrets' },
  secretsAdd: { method: 'POST', path: '/v1/secrets' },
  secretsDelete: { method: 'POST', path: '/v1/secrets/delete' },
  df: { method: 'GET', path: '/v1/df' },
  gc: { method: 'POST', path: '/v1/gc' },
  doctor: { method: 'GET', path: '/v1/doctor' },
} as const satisfies Record<string, { method: 'GET' | 'POST'; path: string }>;

export type Verb = keyof typeof routes;

/** What each verb takes and answers. `projectDir` is the absolute path of the directory that holds `.dstack`. */
export interface Verbs {
  daemonStatus: { params: object; answer: DaemonStatus };
  daemonStop: { params: object; answer: { stopping: true } };
  submit: { params: SubmitRequest; answer: Submitted };
  /** without `all`: unfinished runs, else the last one */
  ps: { params: { projectDir: string; all?: boolean }; answer: Run[] };
  run: { params: { name: string }; answer: RunDetail };
  stop: { params: { names?: string[]; all?: boolean; projectDir: string; abort?: boolean }; answer: Run[] };
  rm: { params: { names?: string[]; all?: boolean; projectDir: string }; answer: { removed: string[] } };
  restart: { params: { name: string }; answer: Submitted };
  /** `target` is a run's name or `:tag` */
  artifactsList: { params: { projectDir: string; target: string }; answer: ArtifactFile[] };
  artifactsDownload: { params: { projectDir: string; target: string }; answer: never };
  tagsList: { params: { projectDir: string }; answer: Tag[] };
  /** exactly one of `run` and `dirs` (absolute folders, saved under `paths[i]`); `force` moves a tag that exists */
  tagsAdd: {
    params: { projectDir: string; tag: string; run?: string; dirs?: { source: string; path: string }[]; force?: boolean };
    answer: Tag;
  };
  tagsDelete: { params: { projectDir: string; tag: string }; answer: { deleted: string } };
  secretsList: { params: { projectDir: string }; answer: Secret[] };
  secretsAdd: { params: { projectDir: string; name: string; value: string; force?: boolean }; answer: Secret };
  secretsDelete: { params: { projectDir: string; name: string }; answer: { deleted: string } };
  df: { params: object; answer: DiskUse[] };
  gc: { params: { dryRun?: boolean }; answer: Freed[] };
  doctor: { params: object; answer: Check[] };
}

export interface DaemonStatus {
  pid: number;
  version: string;
  apiVersion: number;
  home: string;
  installation: string;
  startedAt: string;
  engine: { reachable: boolean; endpoint: string; version: string | null };
  unfinishedRuns: number;
}

/** What the command line adds to a workflow, or a provider's whole workflow when no file names it. Later wins; lists named "replaces" replace. */
export interface Overrides {
  env?: string[]; // NAME=VALUE or NAME (the submitter's value was filled in by the CLI); adds
  artifacts?: string[]; // replaces
  deps?: string[]; // replaces; the file's short forms
  workingDir?: string;
  requirements?: string;
  python?: string;
  interruptible?: boolean;
  cpu?: string;
  memory?: string;
  shmSize?: string;
  gpu?: string;
  gpuName?: string;
  gpuMemory?: string;
  ports?: string;
  commands?: string[]; // -c, bash and docker; replaces
  image?: string; // docker IMAGE
  mounts?: string[]; // adds
  maxDuration?: string;
  priority?: number;
  retry?: number;
  /** torchrun */
  file?: string;
  nodes?: number;
}

export interface SubmitRequest {
  /** made by the client, the same when it asks again after a lost answer: the run is then submitted once */
  requestId: string;
  projectDir: string;
  /** a workflow of the project, or a provider's name */
  target: string;
  overrides: Overrides;
  /** what follows the options: `${{ run.args }}`, quoted where needed */
  args: string[];
  /** tag to move here when the run is done */
  tag?: string;
  /** the submitter's values of the variables that an `env_needed` failure asked for (its `names`) */
  env?: Record<string, string>;
  /** Terminal size for the job's TTY */
  terminal?: { columns: number; rows: number };
}

/** `env_needed` failures of submit carry `names` in addition. */
export interface Submitted {
  run: Run;
  /** said once, before the logs: hints on the file, big snapshots, unreadable files */
  warnings: string[];
}

export interface Run {
  name: string;
  workflow: string | null;
  provider: ProviderName;
  project: string;
  user: string;
  status: Status;
  /** why it waits, what it is doing (`pulling python:3.11, 40 MB of 52 MB`), or why it ended so; null: nothing to add */
  reason: string | null;
  exitCode: number | null;
  tags: string[];
  host: string | null;
  gpus: string[];
  artifacts: string[];
  attempt: number;
  submittedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

/** What a run was, in full; `restart` uses exactly these. */
export interface RunDetail extends Run {
  projectDir: string;
  args: string[];
  resources: Resources;
  image: string;
  imageDigest: string | null;
  environmentKey: string | null;
  snapshot: { tree: string; commit: string | null; branch: string | null; dirty: boolean };
  deps: { kind: 'tag' | 'workflow'; project: string; name: string; run: string }[];
  mounts: string[];
  commands: string[];
  /** values of secrets masked */
  env: Record<string, string>;
  ports: { name: string; url: string }[];
  driver: string | null;
  interruptible: boolean;
  maxDuration: number | null;
  restartOf: string | null;
}

export interface ArtifactFile {
  /** as declared: `output`, `/opt/conda/envs/x` */
  artifact: string;
  /** below it */
  file: string;
  size: number;
}

export interface Tag {
  tag: string;
  run: string;
  workflow: string | null;
  project: string;
  artifacts: string[];
  createdAt: string;
}

export interface Secret {
  name: string;
  createdAt: string;
}

export interface DiskUse {
  kind: 'artifacts' | 'logs' | 'workspaces' | 'trees' | 'snapshots' | 'database';
  bytes: number;
  /** what `gc` would free of it now */
  reclaimable: number;
  items: number;
}

export interface Freed {
  kind: DiskUse['kind'];
  bytes: number;
  items: number;
}

export interface Check {
  name: string;
  status: 'ok' | 'warning' | 'error';
  message: string;
  /** how to mend it; null when ok */
  fix: string | null;
}

/**
 * The WebSocket at `/v1/runs/:name/logs?from=BYTES&follow=1&since=ISO`: binary frames are log bytes in order (masked, as the terminal
 * of the job produced them), text frames are these. Without `follow` it ends with `end` after what is there now.
 */
export type LogEvent =
  /** sent first, and at every change of the run while following */
  | { type: 'run'; run: Run }
  /** byte offset in the record of the next binary frame; sent once, before the first of them */
  | { type: 'offset'; offset: number; attempt: number }
  /** the reader was too slow and is dropped; resume with `from` */
  | { type: 'slow'; offset: number }
  | { type: 'end'; run: Run };
