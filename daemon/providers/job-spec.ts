/**
 * What a provider makes of a workflow: everything about a job's container that does not depend on the host it lands on. Kept with the run, and
 * used unchanged by `restart`. Strings may hold `${{ secrets.X }}`: values of secrets are never stored here.
 */
import type { ArtifactRef, GpuRequest, HostMount, RegistryAuth } from '../../shared/workflow/model.ts';

export interface JobSpec {
  image: string;
  registryAuth: RegistryAuth | null;
  start: Start;
  env: Record<string, string>;
  /** relative to /workflow */
  workingDir: string;
  artifacts: ArtifactRef[];
  mounts: HostMount[];
  ports: { container: number; host: number | null }[];
  cpu: number | null;
  memory: number | null;
  shmSize: number | null;
  gpu: GpuRequest | null;
}

/** How the container begins its work. */
export type Start =
  /** commands in one shell, in order, up to the first that fails */
  | { kind: 'script'; commands: string[] }
  /** the image's own command, or the workflow's entrypoint with the commands as its argument */
  | { kind: 'image'; entrypoint: string[] | null; command: string[] | null };

/** A dep, resolved at submit to the run whose artifacts it means. */
export interface ResolvedDep {
  kind: 'tag' | 'workflow';
  project: string;
  name: string;
  run: string;
  runId: number;
  artifacts: { job: number; key: string; path: string }[];
}

/** What a run was (DESIGN §4): `restart` uses exactly this. */
export interface RunSpec {
  args: string[];
  snapshot: { tree: string; commit: string | null; branch: string | null; dirty: boolean };
  /** as the workflow says, before the run's name and arguments are filled in: a restart has a name of its own */
  templates: JobSpec[];
  /** the templates with this run's name and arguments */
  jobs: JobSpec[];
  deps: ResolvedDep[];
  interruptible: boolean;
  /** seconds */
  maxDuration: number | null;
  /** seconds of doing nothing after which it is stopped; absent in runs of earlier versions */
  idleTimeout?: number | null;
  priority: number;
  retry: number;
  /** the very image of the run that this one repeats; null: the reference decides */
  pinnedImage: { id: string; digest: string | null } | null;
  restartOf: string | null;
  /** size of the submitter's terminal */
  terminal: { columns: number; rows: number } | null;
}
