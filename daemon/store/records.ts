/** What the store holds of runs, as the rest of the daemon reads it. */
import type { RerunCause, RerunEnd } from '../../shared/api.ts';
import type { JobState, StopHow } from '../../shared/states.ts';
import type { ProviderName } from '../../shared/workflow/model.ts';
import type { RunSpec } from '../providers/job-spec.ts';

export interface RunRecord {
  id: number;
  name: string;
  project: string;
  projectDir: string;
  workflow: string | null;
  provider: ProviderName;
  user: string;
  /** of a shared daemon's user, to whom its files are given; null: the daemon's own user */
  owner: { uid: number; gid: number } | null;
  /** others may read it */
  shared: boolean;
  spec: RunSpec;
  /** the submit that made it; null: a restart or an import */
  requestId: string | null;
  /** to move here when the run is done */
  tag: string | null;
  intent: Intent | null;
  submittedAt: number;
  removedAt: number | null;
}

/** What somebody asked for, written before it is done. `reason` null: a user; else why the daemon itself ends it, and `detail` what of that. */
export interface Intent {
  how: StopHow;
  at: number;
  reason: 'max_duration' | 'idle_timeout' | 'inactivity' | null;
  detail?: string;
}

/** One attempt of a job. `open` until its container, volume and workspace are gone. */
export interface JobRecord {
  runId: number;
  job: number;
  attempt: number;
  state: JobState;
  progress: Progress;
  open: boolean;
}

/** What we were about to do and what we have learnt of an attempt; null: not yet. */
export interface Progress {
  /** written before the engine is told to start the container: from here on it may have run */
  startIntent: number | null;
  /** of the engine when it was told to start */
  engineEpoch: string | null;
  image: { id: string; digest: string | null } | null;
  /** keys of the environments that it starts from, the last one made of those before it; absent in attempts of earlier versions, null: its image as it is */
  environments?: string[] | null;
  /** it was about to build one: what that left goes at its end; absent: it was not */
  built?: boolean;
  /** the build under way: when it began (ms), and the engine's epoch then; null: none is; absent too in attempts of earlier versions */
  building?: { at: number; epoch: string } | null;
  /** how long those before it took (ms), which counts against max_duration; absent: there were none */
  builtFor?: number;
  driver: string | null;
  ports: { container: number; host: number }[];
  /** the values that its log must not show, sealed: those it was given, even if they are changed while it runs */
  masked: string | null;
  /** it shall make room for this run, decided then; absent in attempts of earlier versions */
  preempted?: { for: string; runId?: number; at: number } | null;
  /** SIGUSR1 was sent before the end of its max_duration; absent in attempts of earlier versions */
  warnedAt?: number | null;
  /** of a watch: its container takes one attempt after the other (a supervisor is in it); absent: it does not */
  supervised?: boolean;
  /** of a watch: it is to end, since the next attempt needs a fresh container; absent: it is not */
  retired?: { at: number; why: string };
  /** of several nodes: it has all it needs to begin; absent in attempts of earlier versions, as is the next */
  ready?: number | null;
  /** of several nodes: it was ended because this one failed */
  endedFor?: number | null;
  terminatedAt: number | null;
  killedAt: number | null;
  end: End | null;
  /** the record of the log is complete, or this says why it cannot be */
  log: 'complete' | { incomplete: string } | null;
  settled: boolean;
  /** what went wrong at the end without making the run fail: artifacts that could not be handed over, work that was not saved */
  remark: string | null;
}

/** How a container ended, read once from the engine (or from what its script left behind). */
export interface End {
  startedAt: number | null;
  finishedAt: number;
  exitCode: number | null;
  outOfMemory: boolean;
  /** the script itself wrote its exit code: it came to its end, whatever happened to the engine */
  byItself: boolean;
  /** when it wrote that (ms), by this machine's clock; absent: it did not, or nobody knows */
  exitAt?: number | null;
  epochChanged: boolean;
  /** set where no container could be made or started at all, or it vanished */
  problem: {
    code: 'image' | 'environment' | 'start' | 'gpus' | 'gpus_taken' | 'workspace' | 'container_removed' | 'disk_full';
    message: string;
  } | null;
}

export const freshProgress = (): Progress => ({
  startIntent: null,
  engineEpoch: null,
  image: null,
  environments: null,
  driver: null,
  ports: [],
  masked: null,
  preempted: null,
  warnedAt: null,
  ready: null,
  endedFor: null,
  terminatedAt: null,
  killedAt: null,
  end: null,
  log: null,
  settled: false,
  remark: null,
});

/**
 * An attempt of a watch as its user counts them, over all of its containers. The container (JobRecord) whose attempt has the same number begins with it; those
 * that follow up to the next container run in that one too. The newest one that has not begun is what is wanted.
 */
export interface RerunRecord {
  runId: number;
  number: number;
  /** what the project's files were */
  tree: string;
  cause: RerunCause;
  /** paths that changed, the first 20 of `changes` */
  changed: string[];
  changes: number;
  /** ms since 1970: the first change was seen, it was asked for, its commands began, somebody asked for its end, it ended; null: not (yet) */
  seenAt: number | null;
  askedAt: number;
  /** its container was to begin with it from here on: a newer change does not take its place any more */
  givenAt: number | null;
  startedAt: number | null;
  stopAskedAt: number | null;
  endedAt: number | null;
  how: RerunEnd | null;
  exitCode: number | null;
  /** why it begins with a fresh container; null: it runs in that of the one before */
  fresh: string | null;
  /** what the run is from it on, where the workflow has changed; null: what it was */
  spec: RunSpec | null;
}

/** One that has not begun, for which nothing had to change. */
export const freshRerun = (one: Pick<RerunRecord, 'runId' | 'number' | 'tree' | 'cause' | 'askedAt'>): RerunRecord => ({
  ...one,
  changed: [],
  changes: 0,
  seenAt: null,
  givenAt: null,
  startedAt: null,
  stopAskedAt: null,
  endedAt: null,
  how: null,
  exitCode: null,
  fresh: null,
  spec: null,
});

export interface TagRecord {
  project: string;
  tag: string;
  runId: number;
  createdAt: number;
}
