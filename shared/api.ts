/**
 * The API contract: what CLI and daemon say to each other over `$DSTACK_HOME/dstackd.sock` (HTTP for verbs, one WebSocket for logs
 * and events). Types only, so that the CLI starts without loading a validator; the daemon validates each request with the zod schemas
 * of daemon/api, which are checked against these types.
 *
 * Every problem is answered as a `Failure` ({code, message, hint}) with status 4xx or 5xx; `not_ready` codes name what is missing.
 * `--json` prints these very objects: lists are arrays, times ISO 8601, sizes bytes, durations seconds.
 */
import type { Resources, ProviderName } from './workflow/model.ts';
import type { InterruptionCause, Status } from './states.ts';

/** Raised with every change of this file that an older peer would not understand. */
export const apiVersion = 4;

/** method and path of each verb; `:name` is filled in from the parameters, the rest travels as query (GET, DELETE) or JSON body. */
export const routes = {
  daemonStatus: { method: 'GET', path: '/v1/daemon' },
  daemonStop: { method: 'POST', path: '/v1/daemon/stop' },
  submit: { method: 'POST', path: '/v1/runs' },
  ps: { method: 'GET', path: '/v1/runs' },
  queue: { method: 'GET', path: '/v1/queue' },
  run: { method: 'GET', path: '/v1/runs/:name' },
  stop: { method: 'POST', path: '/v1/runs/stop' },
  rm: { method: 'POST', path: '/v1/runs/rm' },
  restart: { method: 'POST', path: '/v1/runs/restart' },
  rerun: { method: 'POST', path: '/v1/runs/rerun' },
  stopAttempt: { method: 'POST', path: '/v1/runs/stop-attempt' },
  resize: { method: 'POST', path: '/v1/runs/resize' },
  /** answers the logs of a project's runs, not JSON: the newest run first, each piece behind a line that is a LogPiece */
  logsScan: { method: 'GET', path: '/v1/logs' },
  artifactsList: { method: 'GET', path: '/v1/artifacts' },
  /** what is being done with the files of a project, for a submit that takes long */
  progress: { method: 'GET', path: '/v1/progress' },
  snapshotKnown: { method: 'GET', path: '/v1/snapshots' },
  /** its parameters are in the query, its body is a Git pack */
  snapshotSend: { method: 'POST', path: '/v1/snapshots' },
  share: { method: 'POST', path: '/v1/runs/share' },
  policy: { method: 'GET', path: '/v1/policy' },
  /** answers a tar stream, not JSON: the artifact folders under the paths they were saved at (absolute ones without the leading `/`) */
  artifactsDownload: { method: 'GET', path: '/v1/artifacts/download' },
  tagsList: { method: 'GET', path: '/v1/tags' },
  tagsAdd: { method: 'POST', path: '/v1/tags' },
  tagsDelete: { method: 'POST', path: '/v1/tags/delete' },
  secretsList: { method: 'GET', path: '/v1/secrets' },
  secretsAdd: { method: 'POST', path: '/v1/secrets' },
  secretsDelete: { method: 'POST', path: '/v1/secrets/delete' },
  envList: { method: 'GET', path: '/v1/environments' },
  envRm: { method: 'POST', path: '/v1/environments/rm' },
  gpus: { method: 'GET', path: '/v1/gpus' },
  stats: { method: 'GET', path: '/v1/runs/:name/stats' },
  usage: { method: 'GET', path: '/v1/usage' },
  audit: { method: 'GET', path: '/v1/audit' },
  df: { method: 'GET', path: '/v1/df' },
  gc: { method: 'POST', path: '/v1/gc' },
  doctor: { method: 'GET', path: '/v1/doctor' },
} as const satisfies Record<string, { method: 'GET' | 'POST'; path: string }>;

export type Verb = keyof typeof routes;

/** `projectDir` is the absolute path of the directory that holds `.dstack`. */
export interface InProject {
  projectDir: string;
  /** the project's name, which a daemon of several users is told because it never looks into their folders */
  project?: string;
}

/** What each verb takes and answers. */
export interface Verbs {
  daemonStatus: { params: object; answer: DaemonStatus };
  /** `forGood`: somebody wants it stopped; else another takes its place at once */
  daemonStop: { params: { forGood?: boolean }; answer: { stopping: true } };
  submit: { params: SubmitRequest; answer: Submitted };
  /** without `all`: unfinished runs, else the last one; `limit`: the newest so many */
  ps: { params: InProject & { all?: boolean; limit?: number }; answer: Run[] };
  /** the waiting runs of all projects, the next first */
  queue: { params: object; answer: Run[] };
  run: { params: { name: string }; answer: RunDetail };
  stop: { params: InProject & { names?: string[]; all?: boolean; abort?: boolean }; answer: Run[] };
  rm: { params: InProject & { names?: string[]; all?: boolean }; answer: { removed: string[] } };
  restart: { params: { name: string }; answer: Submitted };
  /**
   * The next attempt of a watch. Without `snapshot`: because somebody asked, with the files as they are. With it: a client that watches the files in the daemon's
   * place has sent them, and there is an attempt only where they are others (`seenAt`: ISO 8601, when it saw the first change) or somebody asked (`asked`). It says so at least every
   * 20 seconds, and `leaving` when it goes.
   */
  rerun: {
    params: InProject & { name: string; snapshot?: SentSnapshot; seenAt?: string; asked?: boolean; leaving?: boolean };
    answer: { attempt: number | null };
  };
  /** ends what runs in a watch; the watch goes on */
  stopAttempt: { params: { name: string }; answer: { attempt: number } };
  /** the terminal of a run's jobs */
  resize: { params: { name: string; columns: number; rows: number }; answer: object };
  /** of those that the caller may read, all attempts and nodes; `since` (ISO 8601): what was printed since */
  logsScan: { params: InProject & { since?: string }; answer: never };
  /** null: nothing, or nothing that one has to know */
  progress: { params: InProject; answer: { doing: string | null } };
  /** what a daemon that is sent the files of projects has of this one; sizes in bytes */
  snapshotKnown: { params: InProject; answer: { trees: string[]; warnBytes: number; maxBytes: number } };
  /** the body: the objects of the tree that are in none of the known ones */
  snapshotSend: { params: InProject & { tree: string }; answer: { tree: string } };
  /** lets others read a run, or (`off`) no more */
  share: { params: { name: string; off?: boolean }; answer: { name: string; shared: boolean } };
  policy: { params: object; answer: PolicyView };
  /** `target` is a run's name or `:tag` */
  artifactsList: { params: InProject & { target: string }; answer: ArtifactFile[] };
  artifactsDownload: { params: InProject & { target: string }; answer: never };
  tagsList: { params: InProject; answer: Tag[] };
  /** exactly one of `run` and `dirs` (absolute folders, saved under `paths[i]`); `force` moves a tag that exists */
  tagsAdd: {
    params: InProject & { tag: string; run?: string; dirs?: { source: string; path: string }[]; force?: boolean };
    answer: Tag;
  };
  tagsDelete: { params: InProject & { tag: string }; answer: { deleted: string } };
  secretsList: { params: InProject; answer: Secret[] };
  secretsAdd: { params: InProject & { name: string; value: string; force?: boolean }; answer: Secret };
  secretsDelete: { params: InProject & { name: string }; answer: { deleted: string } };
  envList: { params: object; answer: Environment[] };
  /** `keys` may be beginnings; those that are in use are not removed */
  envRm: { params: { keys?: string[]; all?: boolean }; answer: { removed: string[]; kept: { key: string; why: string }[]; bytes: number } };
  /** `fresh`: read anew, which may take seconds; `problem`: why there is none, or what is wrong with all of them (`--json` prints `gpus`) */
  gpus: { params: { fresh?: boolean }; answer: { gpus: GpuInfo[]; problem: string | null } };
  /** without `attempt`: the latest one */
  stats: { params: { name: string; attempt?: number; node?: number }; answer: Stats };
  /** by user where nothing else is said; `since` is an ISO 8601 time */
  usage: { params: { by?: 'user' | 'project' | 'workflow' | 'run'; since?: string }; answer: Usage[] };
  audit: { params: { since?: string; until?: string }; answer: AuditEntry[] };
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
  idleTimeout?: string;
  priority?: number;
  retry?: number;
  /** torchrun */
  file?: string;
  nodes?: number;
  /** code, lab, notebook */
  version?: string;
  inactivityDuration?: string;
  /** it runs again at each change of the project's files; of these paths and what is below them, none: of all */
  watch?: string[];
}

export interface SubmitRequest {
  /** made by the client, the same when it asks again after a lost answer: the run is then submitted once */
  requestId: string;
  projectDir: string;
  /** see InProject */
  project?: string;
  /** the project's files as they were sent beforehand, to a daemon that never looks into the project itself */
  snapshot?: SentSnapshot;
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
  /** only the environment is built: no commands, no GPUs, no artifacts */
  buildOnly?: boolean;
}

/** A cached environment: an image, and what was installed into it. Sizes in bytes. */
export interface Environment {
  key: string;
  host: string;
  /** what it was made from */
  image: string;
  /** the file it was made from; its content counts, not its name */
  requirements: string | null;
  commands: string[];
  /** why they run again in every job; null: they do not */
  again: string | null;
  /** what it takes beyond the image */
  size: number;
  createdAt: string;
  lastUsedAt: string;
  /** unfinished runs that start from it */
  runs: string[];
}

/** What `snapshotSend` has brought to the daemon, and what it was made of. */
export interface SentSnapshot {
  tree: string;
  commit: string | null;
  branch: string | null;
  dirty: boolean;
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
  /** how many jobs it has, each with the resources: of torchrun its nodes. Absent: one (a daemon of an earlier version) */
  nodes?: number;
  artifacts: string[];
  /** where its ports are published while it runs, with the token for whoever may have it; what it serves first */
  urls: { name: string; url: string }[];
  attempt: number;
  /** null or absent: it runs once */
  watch?: WatchView | null;
  priority: number;
  interruptible: boolean;
  /** what it asks for: `2 GPUs a100, 8 cores`; '': nothing in particular */
  wants: string;
  /** in the queue, from 1; null: it does not wait */
  position: number | null;
  /** since when it is in the queue, this time; null: it does not wait */
  waitingSince: string | null;
  submittedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

/** Why there is an attempt of a watch. `start`: it is the first; `asked`: somebody wanted it. */
export type RerunCause = 'start' | 'change' | 'asked' | 'host' | 'preempted';

/** How an attempt of a watch ended: by itself, for a change, because somebody stopped it, or with its container. */
export type RerunEnd = 'itself' | 'changed' | 'stopped' | 'container';

/** A watch as it is now. Attempts are counted over all of it, whichever container they run in. */
export interface WatchView {
  /** the one that runs, or ran last */
  attempt: number;
  phase: 'starting' | 'running' | 'ending' | 'ended';
  cause: RerunCause;
  /** paths of the project that changed before it, the first 20 of `changes` */
  changed: string[];
  changes: number;
  /** from the moment that the change was seen to the one that its commands began (ms); null: not yet */
  restartMs: number | null;
  startedAt: string | null;
  endedAt: string | null;
  exitCode: number | null;
  /** how it ended; null: it has not */
  how: RerunEnd | null;
  /** the attempt before it */
  before: { attempt: number; how: RerunEnd; exitCode: number | null; ranMs: number | null } | null;
  /** why it has a fresh container; null: it runs in that of the attempt before */
  fresh: string | null;
  /** who sees the changes: the daemon, told by the kernel or by looking again and again, or the client that is attached; `nobody` watches a client's files while none is */
  sees: 'events' | 'polling' | 'client' | 'nobody';
  /** why a change did not lead to an attempt (a fault in the workflow file, say), or what one should know of how it watches; null: nothing */
  notice: string | null;
  /** how long an attempt that is told to end has until it is killed (s); absent: not known */
  grace?: number;
}

/** What a run was, in full; `restart` uses exactly these. */
export interface RunDetail extends Run {
  /** of each of `gpus`, its number on its host; null: not known now */
  gpuNumbers: (number | null)[];
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
  driver: string | null;
  maxDuration: number | null;
  /** seconds of doing nothing after which it is stopped; null: never */
  idleTimeout: number | null;
  /** of dev environments, seconds in which nobody and nothing works in it after which it is stopped; null: never */
  inactivityDuration: number | null;
  restartOf: string | null;
  retry: number;
  /** of several nodes the one whose failure ended the run, or is ending it; null: none. Absent: one job */
  culprit?: number | null;
  attempts: AttemptInfo[];
  /** what it waits for; null: it does not wait */
  waiting: { candidates: { host: string; why: string }[]; holders: { run: string; user: string; what: string }[] } | null;
}

/** One execution of a run's job. */
export interface AttemptInfo {
  attempt: number;
  job: number;
  status: Status;
  /** why another attempt followed; null: none did */
  cause: InterruptionCause | null;
  reason: string | null;
  host: string | null;
  gpus: string[];
  /** the container's name on the host's engine while there is one */
  container: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  exitCode: number | null;
  /** of a watch: the paths that changed before it, and how it ended */
  changed?: string[];
  how?: RerunEnd | null;
}

/** A GPU of the pool. Sizes in bytes, utilisation in percent, temperature in °C, power in W; null: the driver does not say. */
export interface GpuInfo {
  host: string;
  index: number;
  uuid: string;
  name: string;
  memory: number | null;
  memoryUsed: number | null;
  utilization: number | null;
  temperature: number | null;
  power: number | null;
  driver: string;
  computeCapability: string | null;
  mig: { parent: string; profile: string } | null;
  /** the run that has it, of this daemon or another one on the same machine (`installation` is that one's) */
  holder: { run: string; user: string; installation: string } | null;
  /** why it is not handed out though no run has it, or what is wrong with it though one has it; null: it is free, or a run has it */
  busy: string | null;
  /** processes that no run of dstack started */
  processes: { pid: number; name: string; user: string | null; memory: number | null }[];
  /** when this was read, if that is longer ago than it should be */
  staleSince: string | null;
}

/** What a user, a project, a workflow or a run used. Hours; runs that go on count up to now. */
export interface Usage {
  key: string;
  runs: number;
  gpuHours: number;
  /** hours that its containers ran */
  hours: number;
}

/** Samples of a run's latest attempt (or the one asked for), oldest first. */
export interface Stats {
  run: string;
  /** of several nodes whose they are, and how many there are */
  node?: number;
  nodes?: number;
  attempt: number;
  /** of the attempt */
  status: Status;
  gpus: string[];
  /** of each of `gpus`, its number on its host; null: not known now */
  gpuNumbers: (number | null)[];
  samples: Sample[];
}

/** The mean over `span` ms from `at`. cpu: cores in use; memory: bytes; of each GPU, in the order of `gpus`: percent and bytes. */
export interface Sample {
  at: string;
  span: number;
  cpu: number | null;
  memory: number | null;
  gpus: { utilization: number | null; memory: number | null }[];
}

/** Who ended or removed whose run. */
export interface AuditEntry {
  at: string;
  /** `daemon`: it did so by itself */
  user: string;
  action: 'stop' | 'abort' | 'rm' | 'share' | 'unshare' | 'exec' | 'untag' | 'gc';
  /** of `gc`, which is about no single one: empty, as is its owner */
  run: string;
  owner: string;
  detail: string;
}

/** What one user may have; null: no limit. `policy.yaml` in one entry, filled up with its `defaults`. */
export interface Limits {
  /** GPUs that their runs hold at once */
  gpus: number | null;
  /** runs that go on at once; more wait */
  runs: number | null;
  /** bytes of artifacts; a submit above it is refused */
  disk: number | null;
  /** the longest `max_duration`, seconds; a run that names none gets it */
  maxDuration: number | null;
  /** the highest `priority` */
  priority: number | null;
  /** host folders that may be mounted, `~` the user's own home; null: as the config says */
  mountRoots: string[] | null;
  /** bytes for a job that names no memory */
  memory: number | null;
  /** processes and threads of a container */
  pids: number | null;
}

/** What the caller may have, and by which file; no file: all of it without a limit. */
export interface PolicyView extends Limits {
  user: string;
  file: string | null;
  /** bytes of the caller's artifacts now */
  diskUsed: number;
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
  kind: 'artifacts' | 'logs' | 'workspaces' | 'trees' | 'snapshots' | 'environments' | 'downloads' | 'servers' | 'database';
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

/** What the bytes after this line of logsScan are of, and how many they are. Pieces of one log come in order, with those of no other between them. */
export interface LogPiece {
  run: string;
  attempt: number;
  node: number;
  /** how many the run has, where it has several */
  nodes?: number;
  bytes: number;
}

/**
 * The WebSocket at `/v1/runs/:name/logs?from=BYTES&follow=1&since=ISO&attempt=N&job=N` (no attempt: the newest that has a log; job: which of several nodes, else the
 * first; `tail=BYTES` in place of `from`: the last ones, `lines=N`: the last lines): binary frames are log bytes in order (masked, as the terminal
 * of the job produced them), text frames are these. Without `follow` it ends with `end` after what is there now, with it when the run has ended; attempts that follow meanwhile
 * come each whole and in their order. Of a watch, attempts are those that its user counts, whichever container they run in. Offsets are in the attempt's output.
 */
export type LogEvent =
  /** sent first, and at every change of the run while following */
  | { type: 'run'; run: Run }
  /** byte offset in this attempt's output of the next binary frame; sent before the first of them, and for each attempt that follows: of a watch as soon as it begins */
  | { type: 'offset'; offset: number; attempt: number }
  /** the reader was too slow and is dropped; resume with `from` */
  | { type: 'slow'; offset: number }
  | { type: 'end'; run: Run };

/** The code with which a daemon that somebody stops for good closes that WebSocket: whoever follows is not to start it again. */
export const stoppedForGood = 4001;

/**
 * The WebSocket at `/v1/runs/:name/exec`: a command in the container of a run, with somebody at its other end. The client's first frame is `start`; once it was answered
 * with `started`, its binary frames are what the command reads. The daemon's binary frames are what it prints: one byte (1: stdout, 2: stderr), then the bytes.
 * Closing the connection hangs up: the command gets SIGHUP, and is killed if that does not help.
 */
export type ExecRequest =
  | ExecStart
  | { type: 'resize'; columns: number; rows: number }
  /** to all processes of the command */
  | { type: 'signal'; signal: ExecSignal }
  /** the end of what the command reads; where it has no terminal */
  | { type: 'end' };

export interface ExecStart {
  type: 'start';
  /** as it is, no shell reads it; null: a shell */
  command: string[] | null;
  /** its size, and its kind for TERM; null: the command gets none */
  terminal: { columns: number; rows: number; term: string } | null;
  /** which of the run's jobs; left out: the first */
  node?: number;
  /** below the job's working directory, or absolute; left out: there */
  dir?: string;
  env?: Record<string, string>;
}

export type ExecSignal = 'HUP' | 'INT' | 'QUIT' | 'TERM';

/** Bytes that a client may have sent beyond those that were `taken`; it is dropped for more. */
export const execWindow = 512 * 1024;

export type ExecEvent =
  | { type: 'started'; run: string; host: string }
  /** so many more of the client's bytes were passed on */
  | { type: 'taken'; bytes: number }
  /** the last one. `exitCode` as a shell has it (128 + the signal's number); null: nobody knows. `containerEnded`: the run's container ended, and the command with it */
  | { type: 'exit'; exitCode: number | null; containerEnded: boolean }
  /** the last one: it could not be begun, or cannot go on */
  | { type: 'failed'; failure: { code: string; message: string; hint?: string } };
