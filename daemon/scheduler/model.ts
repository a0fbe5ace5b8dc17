/** What the scheduler is given and what it answers. Times are milliseconds since 1970, sizes bytes. */
import type { GpuRequest } from '../../shared/workflow/model.ts';

/** What a job takes of one host; null: no limit asked for, nothing reserved. */
export interface Request {
  cpu: number | null;
  memory: number | null;
  gpu: GpuRequest | null;
}

/** A run in the queue: its jobs are placed together or not at all. */
export interface Waiting {
  /** of the run; answers name it */
  id: string;
  /** its name, for sentences */
  run: string;
  user: string;
  /** higher goes first */
  priority: number;
  submittedAt: number;
  /** may run on what others have a better claim to */
  interruptible: boolean;
  /** it was interrupted for another run: it goes to the front of its class */
  preempted: boolean;
  /** not before this time (a retry's pause); null: at once */
  notBefore: number | null;
  /** its max_duration in ms; null: nobody said */
  maxDuration: number | null;
  jobs: readonly (Request & { id: string })[];
  /** hosts that cannot serve it, and why: one that gave it the wrong GPUs, one without a path it mounts */
  avoid: ReadonlyMap<string, string>;
}

/** A run that has hosts. All its jobs hold what they have until all have ended. */
export interface Running {
  id: string;
  /** its name, for sentences */
  run: string;
  user: string;
  interruptible: boolean;
  startedAt: number;
  /** the latest it ends, by its max_duration; null: nobody knows */
  endsAt: number | null;
  /** it is being stopped already: what it has will be free soon, and nobody needs to be interrupted for that */
  stopping: boolean;
  /** it was interrupted for this waiting run (`for` of the preemption); without: for nobody, or nobody knows */
  makesWayFor?: string;
  jobs: readonly { host: string; cpu: number; memory: number; gpus: readonly string[] }[];
}

export interface HostGpu {
  uuid: string;
  name: string;
  /** null: unknown, which satisfies no constraint */
  memory: number | null;
  /** one sentence: why it cannot be handed out now though no run of ours has it; null: nothing against it */
  busy: string | null;
  /** the run of another daemon that has it; without: none, or not known */
  heldBy?: { run: string; user: string };
  /** it can never be handed out: divided into MIG devices, broken */
  never: boolean;
}

export interface HostState {
  name: string;
  cpus: number;
  memory: number;
  gpus: readonly HostGpu[];
  /** one sentence: why nothing can start there now; null: it can */
  blocked: string | null;
}

/** What policy grants a user; null: no limit. */
export interface UserLimits {
  /** GPUs at once */
  gpus: number | null;
  /** runs at once */
  runs: number | null;
}

export interface Situation {
  now: number;
  waiting: readonly Waiting[];
  running: readonly Running[];
  hosts: readonly HostState[];
  /** what each user has used lately, GPU-seconds with age decayed; who is not in it has used nothing */
  usage: ReadonlyMap<string, number>;
  limits(user: string): UserLimits;
}

export interface Placement {
  /** of the run */
  id: string;
  jobs: { id: string; host: string; gpus: string[] }[];
}

export interface Decision {
  placements: Placement[];
  /** runs to interrupt, each for a waiting one */
  preemptions: { id: string; for: string }[];
  /** those that go on waiting, the next first */
  order: string[];
  /** those of them that pause after a failure: they have no place in line yet */
  paused: ReadonlySet<string>;
  /** when to decide again though nothing happens: the end of a retry's pause; null: never */
  again: number | null;
  /** why it waits, one sentence without its position; asked of those in `order` only. Computed when asked. */
  reason(id: string): string;
  /** host by host why it is not placed there, and which runs hold what it waits for */
  explain(id: string): { candidates: { host: string; why: string }[]; holders: { run: string; user: string; what: string }[] };
}
