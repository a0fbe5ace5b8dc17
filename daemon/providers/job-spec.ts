/**
 * What a provider makes of a workflow: everything about a job's container that does not depend on the host it lands on. Kept with the run, and
 * used unchanged by `restart`. Strings may hold `${{ secrets.X }}`: values of secrets are never stored here.
 */
import type { SubmitRequest } from '../../shared/api.ts';
import type { ArtifactRef, GpuRequest, HostMount, RegistryAuth, WatchRef } from '../../shared/workflow/model.ts';

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
  /** what is installed into the image before, once for all runs that want the same; null: nothing. Absent in runs of earlier versions, as are the next two */
  environment?: EnvironmentSpec | null;
  /** what it serves to a browser; null: nothing that we know of */
  app?: AppSpec | null;
  /** its place among the nodes of a torchrun; null: it is alone */
  gang?: { rank: number; nodes: number } | null;
}

/** What becomes a cached environment (daemon/environments): all that matters of it is in its key. */
export interface EnvironmentSpec {
  /** the file for pip, relative to the project; null: none */
  requirements: string | null;
  /** commands that install what a provider needs where the image lacks it: they have nothing of the project's to do with */
  install: string[];
  /** the workflow's own set-up, run in its working directory */
  setup: string[];
  /** `install` needs the VS Code server (daemon/servers) where the image has none; absent: it does not */
  server?: ServerSpec;
}

/** A server in the job's container that wants a token. */
export interface AppSpec {
  name: 'lab' | 'notebook' | 'code';
  /** which of `ports` */
  port: number;
  /** of its URL: `/lab` */
  path: string;
  /** of its URL, without the token */
  query: Record<string, string>;
  /** the parameter of its URL that is the token */
  tokenParameter: string;
  /** the variable in which the server is given the run's token */
  tokenVariable: string;
  /** it is one of ours, mounted where the image has none; absent: the image or the environment has it */
  server?: ServerSpec;
}

/** The VS Code server of the config. */
export interface ServerSpec {
  /** null: the config's, unless the image has one */
  version: string | null;
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

/** What counts as a change (patterns of .gitignore), and what the workflow is made of again when its file changes. */
export interface WatchSpec extends WatchRef {
  request: Pick<SubmitRequest, 'target' | 'overrides' | 'args' | 'env'>;
  /** the files are on another machine or another user's: a client watches and sends them */
  byClient: boolean;
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
  /** of dev environments, seconds; absent in runs of earlier versions, as is the next */
  inactivityDuration?: number | null;
  /** of what it serves, sealed by the daemon's key; a restart gets another */
  token?: string | null;
  /** it only builds the environment that runs of the workflow start from */
  buildOnly?: boolean;
  /** the project is on another machine, from which its files were sent; absent: it is not */
  elsewhere?: boolean;
  priority: number;
  retry: number;
  /** the very image of the run that this one repeats; null: the reference decides */
  pinnedImage: { id: string; digest: string | null } | null;
  restartOf: string | null;
  /** it runs again at each change of the project's files; absent: it does not */
  watch?: WatchSpec;
  /** size of the submitter's terminal */
  terminal: { columns: number; rows: number } | null;
}
