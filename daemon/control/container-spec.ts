import { isAbsolute, join, posix } from 'node:path';
import { labels, type ContainerSpec, type MountSpec } from '../engine/engine.ts';
import type { JobSpec, ResolvedDep, RunSpec } from '../providers/job-spec.ts';
import { takenLiterally } from './secrets.ts';
import { refersToVariables, stateMount } from '../providers/script.ts';

/** Where a path of a workflow (relative to its working directory, or absolute) lies in the container. */
export const insideJob = (workingDir: string, path: string): string =>
  isAbsolute(path) ? posix.normalize(path) : posix.join('/workflow', workingDir, path);

/** Variables that make the usual tools trust the certificates of the config (and the system's) in `ca.pem`. */
export const certificateVariables = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
];

export interface JobContext {
  installation: string;
  run: { name: string; job: number; attempt: number };
  /** with its secrets filled in */
  spec: JobSpec;
  /** the values of its variables before they were */
  template: Record<string, string>;
  /** reference or id */
  image: string;
  containerName: string;
  /** the image's own program */
  own: { entrypoint: string[]; command: string[] };
  /** its environment left something to a shell, which an image that starts by itself has only from us */
  enters?: boolean;
  gpus: string[];
  gpuAttach: 'gpus' | 'cdi';
  /** whose run it is */
  user: string;
  workspace: MountSpec;
  stateFolder: string;
  /** the job's own artifact folders on the host */
  artifacts: { path: string; source: string }[];
  /** dep folders on the host */
  deps: { path: string; source: string }[];
  mounts: MountSpec[];
  certificates: boolean;
  /** where what it downloads is kept for the next one; absent: nowhere */
  downloads?: { source: string; target: string; env: Record<string, string> };
  /** of the policy; none: no limit */
  pids?: number | null;
  /** of the config, all secrets of the project, and those that the image sets; the workflow's come from the spec */
  env: { config: Record<string, string>; secrets: Record<string, string>; image: Record<string, string> };
  /** what a node is told of the others; absent: it is alone */
  gang?: Record<string, string>;
  /** absent: one of its own */
  network?: ContainerSpec['network'];
  /** for what it serves; absent: it serves nothing that wants one */
  token?: string | null;
  /** of whoever looks at it; null: nobody has said */
  terminal?: RunSpec['terminal'];
}

/** The mounts of deps: those at a path of the job's own artifacts are copied into these instead (DESIGN §6). */
export const depsToMount = (
  deps: readonly ResolvedDep[],
  own: readonly string[],
): { path: string; runId: number; job: number; key: string }[] =>
  deps.flatMap((dep) =>
    dep.artifacts.filter((a) => !own.includes(a.path)).map((a) => ({ path: a.path, runId: dep.runId, job: a.job, key: a.key })),
  );

/** The variables of a job in order of precedence, apart: `plain` go to the engine, `exports` refer to others and are expanded by the script. */
export function environment(
  context: Pick<JobContext, 'run' | 'spec' | 'template' | 'env' | 'certificates' | 'token' | 'gang' | 'downloads'>,
): {
  plain: Record<string, string>;
  exports: [string, string][];
} {
  const { run, spec, env } = context;
  const plain: Record<string, string> = {
    PYTHONUNBUFFERED: '1',
    RUN_NAME: run.name,
    RUN_ATTEMPT: String(run.attempt),
    JOB_ID: `${run.name}-${run.job}`,
    JOB_INDEX: String(run.job),
    ...Object.fromEntries(spec.ports.map((port, i) => [`PORT_${i}`, String(port.container)])),
    ...context.gang,
    ...(context.certificates ? Object.fromEntries(certificateVariables.map((name) => [name, `${stateMount}/ca.pem`])) : {}),
    ...context.downloads?.env,
    ...env.config,
    ...env.secrets,
  };
  const exports: [string, string][] = [];
  for (const [name, value] of Object.entries(spec.env)) {
    const template = context.template[name] ?? '';
    if (!refersToVariables(template) || takenLiterally(template)) plain[name] = value;
    else if (spec.start.kind === 'script') exports.push([name, value]);
    else plain[name] = expandWith(value, { ...env.image, ...plain });
  }
  // last: no value of the workflow's may make the server take another
  if (spec.app && context.token) plain[spec.app.tokenVariable] = context.token;
  return { plain, exports };
}

/** For images that start by themselves: the same expansion, from what is known of the image's variables. */
const expandWith = (value: string, known: Record<string, string>): string =>
  value.replaceAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (_, a?: string, b?: string) => known[a ?? b ?? ''] ?? '');

/** What the container runs. An image that starts by itself is started by a script of ours where it has GPUs, which looks at them first, or an environment that left something to do. */
function program({ spec: { start }, gpus, own, enters }: JobContext): Pick<ContainerSpec, 'entrypoint' | 'command'> {
  if (start.kind === 'script') return { entrypoint: ['/bin/sh'], command: [join(stateMount, 'start')] };
  if (gpus.length === 0 && !enters) return { entrypoint: start.entrypoint, command: start.command };
  const words = start.entrypoint ? [...start.entrypoint, ...(start.command ?? [])] : [...own.entrypoint, ...(start.command ?? own.command)];
  // nothing to run: the engine says so
  if (words.length === 0) return { entrypoint: null, command: null };
  const scripts = [...(gpus.length > 0 ? [join(stateMount, 'verify')] : []), ...(enters ? [join(stateMount, 'enter')] : [])];
  return { entrypoint: ['/bin/sh'], command: [...scripts.flatMap((script, i) => (i === 0 ? [script] : ['/bin/sh', script])), ...words] };
}

/** A job with everything it needs → the container to create. Pure. */
export function containerSpec(context: JobContext): ContainerSpec {
  const { spec, run } = context;
  const bind = (source: string, path: string, readOnly: boolean): MountSpec => ({
    type: 'bind',
    source,
    target: insideJob(spec.workingDir, path),
    readOnly,
  });
  return {
    name: context.containerName,
    labels: {
      [labels.installation]: context.installation,
      [labels.run]: run.name,
      [labels.job]: String(run.job),
      [labels.attempt]: String(run.attempt),
      ...(context.gpus.length > 0 ? { [labels.gpus]: context.gpus.join(',') } : {}),
      ...(typeof context.network === 'object' ? { [labels.network]: context.network.container } : {}),
      [labels.user]: context.user,
      [labels.kind]: 'job',
    },
    image: context.image,
    ...program(context),
    env: environment(context).plain,
    workingDir: posix.join('/workflow', spec.workingDir),
    mounts: [
      context.workspace,
      ...context.mounts,
      ...(context.downloads ? [bind(context.downloads.source, context.downloads.target, false)] : []),
      ...context.deps.map((dep) => bind(dep.source, dep.path, true)),
      ...context.artifacts.map((artifact) => bind(artifact.source, artifact.path, false)),
      { type: 'bind', source: context.stateFolder, target: stateMount, readOnly: false },
    ],
    tty: true,
    ...(context.terminal ? { terminalSize: context.terminal } : {}),
    cpu: spec.cpu,
    memory: spec.memory,
    shmSize: spec.shmSize,
    pids: context.pids ?? null,
    ...(spec.app ? { healthCheck: false } : {}),
    gpus: context.gpus,
    gpuAttach: context.gpuAttach,
    ports: spec.ports,
    ...(context.network === undefined ? {} : { network: context.network }),
    init: true,
  };
}
