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

export const noLimits: Limits = {
  gpus: null,
  runs: null,
  disk: null,
  maxDuration: null,
  priority: null,
  mountRoots: null,
  memory: null,
  pids: null,
};

/** The file as read: what holds for everybody, and what for whom instead. */
export interface PolicyFile {
  defaults: Limits;
  users: Map<string, Limits>;
}
