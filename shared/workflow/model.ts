/**
 * A workflow as the rest of the house sees it: every short form of the file written out, every unit converted.
 * Strings may still hold `${{ … }}`; they are filled in at submit (run.*) and at container creation (secrets.*).
 */

export const providerNames = ['bash', 'code', 'docker', 'lab', 'notebook', 'torchrun'] as const;
export type ProviderName = (typeof providerNames)[number];

export const pythonVersions = ['3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'] as const;

/** A tag (`:tag`, `:owner/repo/tag`) or a workflow (`name`, `owner/repo/name`) whose artifacts are mounted. `project` null: this one. */
export interface DepRef {
  kind: 'tag' | 'workflow';
  project: string | null;
  name: string;
}

/** A folder that the run saves: relative to the working directory (`./` stripped, normalised), or absolute. */
export interface ArtifactRef {
  path: string;
  /** of its folder, where it is not its place in the list */
  key?: string;
}

/** A variable; `value` null means: the value in the submitter's own environment. */
export interface EnvEntry {
  name: string;
  value: string | null;
}

export interface GpuRequest {
  count: number;
  /** substring of the product name, any case */
  name: string | null;
  /** least memory of each GPU, bytes */
  memory: number | null;
}

export interface Resources {
  /** cores; null: no limit */
  cpu: number | null;
  /** bytes */
  memory: number | null;
  /** bytes of /dev/shm */
  shmSize: number | null;
  gpu: GpuRequest | null;
  interruptible: boolean;
}

/** Paths of the project, in the patterns of .gitignore. */
export interface WatchRef {
  /** none: all of it */
  paths: string[];
  ignore: string[];
}

/** Ports as a count (free ones are chosen) or a list. `host` null: a free one. */
export type Ports = { kind: 'count'; count: number } | { kind: 'list'; ports: { container: number; host: number | null }[] };

export interface HostMount {
  source: string;
  target: string;
  readOnly: boolean;
}

export interface RegistryAuth {
  username: string;
  password: string;
}

export interface WorkflowBase {
  name: string;
  help: string | null;
  deps: DepRef[];
  artifacts: ArtifactRef[];
  env: EnvEntry[];
  /** relative to the project, '' is the project itself */
  workingDir: string;
  resources: Resources;
  mounts: HostMount[];
  /** seconds; null: no limit */
  maxDuration: number | null;
  /** seconds of doing nothing after which it is stopped; null: never */
  idleTimeout: number | null;
  /** higher goes first; 0 is usual */
  priority: number;
  /** attempts after a failure */
  retry: number;
  /** `setup` of the file, else `before_run` */
  beforeRun: string[];
  requirements: string | null;
  /** '3.11'; null: the configured default */
  python: string | null;
  /** null: the configured image for the Python version */
  image: string | null;
  registryAuth: RegistryAuth | null;
  ports: Ports | null;
  /** what counts as a change where it is watched; null: nothing is said of it */
  watch: WatchRef | null;
}

export interface BashWorkflow extends WorkflowBase {
  provider: 'bash';
  commands: string[];
}
export interface DockerWorkflow extends WorkflowBase {
  provider: 'docker';
  image: string;
  /** empty: what the image starts by itself */
  commands: string[];
  entrypoint: string[] | null;
}
export interface DevEnvironmentWorkflow extends WorkflowBase {
  provider: 'code' | 'lab' | 'notebook';
  version: string | null;
  /** seconds in which nobody and nothing works in it, after which it is stopped; `off`: never; null: the config says */
  inactivityDuration: number | 'off' | null;
  /** of VS Code */
  extensions: string[];
}
export interface TorchrunWorkflow extends WorkflowBase {
  provider: 'torchrun';
  file: string;
  args: string[];
  nodes: number;
  /** which nodes save the artifacts */
  artifactsOf: 'master' | 'all';
}
/** Whether people work in it, until somebody stops it. */
export const isDevEnvironment = (workflow: Workflow): workflow is DevEnvironmentWorkflow =>
  workflow.provider === 'code' || workflow.provider === 'lab' || workflow.provider === 'notebook';

export type Workflow = BashWorkflow | DockerWorkflow | DevEnvironmentWorkflow | TorchrunWorkflow;

/** Something to say about a place in a file. Lines and columns count from 1; `length` is that of the marked text on its line. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  length: number;
  sourceLine: string;
  /** what is wrong, one sentence */
  message: string;
  /** what was expected or what to write instead */
  hint: string | null;
  /** a `hint` does not stop the file from loading */
  severity: 'error' | 'hint';
}

/** Where a workflow stands. */
export interface WorkflowSource {
  file: string;
  line: number;
}

export type LoadedWorkflows =
  | { ok: true; workflows: Map<string, { workflow: Workflow; source: WorkflowSource }>; hints: Problem[] }
  | { ok: false; problems: Problem[] };
