/** What the command line says about a workflow, in the file's short forms and refused with the file's sentences. */
import { posix } from 'node:path';
import type { Overrides } from '../api.ts';
import { fail, FailureError, ok, unwrap } from '../result.ts';
import type { Result } from '../result.ts';
import { parseMount, parsePorts } from '../units.ts';
import { refusedReference } from './references.ts';
import { parseDep } from './deps.ts';
import { parseTemplate } from './interpolate.ts';
import type { GpuRequest, ProviderName, Resources, WatchRef, Workflow, WorkflowBase } from './model.ts';
import * as values from './values.ts';
import { parseWatchPattern } from './watch.ts';
import { listed, shown } from './words.ts';

/** The workflow with what the command line adds. `env` and `mounts` add, everything else replaces. Fails with `bad_option`, naming the flag. */
export function applyOverrides(workflow: Workflow, overrides: Overrides): Result<Workflow> {
  return caught(() => {
    checkReferences(overrides);
    const changed = clashFree(withBase(workflow, overrides));
    refuseForeign(workflow.provider, overrides);
    switch (changed.provider) {
      case 'bash':
        return { ...changed, commands: overrides.commands ?? changed.commands };
      case 'docker':
        return { ...changed, image: overrides.image ?? changed.image, commands: overrides.commands ?? changed.commands };
      case 'torchrun':
        return {
          ...changed,
          file: overrides.file ?? changed.file,
          nodes: overrides.nodes === undefined ? changed.nodes : read('--nodes', String(overrides.nodes), values.parseNodes),
        };
      case 'code':
      case 'lab':
      case 'notebook':
        return {
          ...changed,
          version: or(overrides.version, changed.version, (text) => read('--server-version', text, values.parseVersion)),
          inactivityDuration: or(overrides.inactivityDuration, changed.inactivityDuration, (text) =>
            read('--inactivity-duration', text, values.parseInactivity),
          ),
        };
    }
  });
}

/**
 * A provider run without a workflow: its name is the provider's. `args` are what follows the options: the command of bash and docker
 * where `-c` gives none, else `${{ run.args }}` in it; torchrun's arguments.
 */
export function workflowFromProvider(provider: ProviderName, overrides: Overrides, args: readonly string[]): Result<Workflow> {
  // already quoted when it is filled in
  const passed = args.length > 0 ? ['${{ run.args }}'] : [];
  const base = { ...emptyBase, name: provider };
  switch (provider) {
    case 'bash':
      if (overrides.commands === undefined && args.length === 0)
        return missing(provider, "a command: dstack run bash -c 'python train.py'");
      return applyOverrides({ ...base, provider, commands: passed }, overrides);
    case 'docker':
      if (!overrides.image) return missing(provider, "an image: dstack run docker ubuntu -c 'nvidia-smi'");
      return applyOverrides({ ...base, provider, image: overrides.image, commands: passed, entrypoint: null }, overrides);
    case 'torchrun':
      if (!overrides.file) return missing(provider, 'a Python file: dstack run torchrun train.py');
      return applyOverrides({ ...base, provider, file: overrides.file, args: passed, nodes: 1, artifactsOf: 'master' }, overrides);
    case 'code':
    case 'lab':
    case 'notebook':
      if (args[0] !== undefined)
        return fail(
          'bad_option',
          `${shown(args[0])}: the ${provider} provider takes no arguments`,
          `Leave it out; \`dstack run ${provider} --help\` lists what it takes.`,
        );
      return applyOverrides({ ...base, provider, version: null, inactivityDuration: null, extensions: [] }, overrides);
  }
}

const missing = (provider: ProviderName, what: string): Result<Workflow> =>
  fail('bad_option', `the ${provider} provider needs ${what}`, null);

const emptyBase: Omit<WorkflowBase, 'name'> = {
  help: null,
  deps: [],
  artifacts: [],
  env: [],
  workingDir: '',
  resources: { cpu: null, memory: null, shmSize: null, gpu: null, interruptible: false },
  mounts: [],
  maxDuration: null,
  idleTimeout: null,
  priority: 0,
  retry: 0,
  beforeRun: [],
  requirements: null,
  python: null,
  image: null,
  registryAuth: null,
  ports: null,
  watch: null,
};

/** The failures below are thrown, so that each line reads as what it does. */
function caught(change: () => Workflow): Result<Workflow> {
  try {
    return ok(change());
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

const refuse = (message: string, hint: string | null | undefined): never => unwrap(fail('bad_option', message, hint ?? null));

/** The parser's value, or its failure behind the flag: `--memory 16: a size needs a unit`. */
function read<T>(flag: string, text: string, parse: (text: string) => Result<T>): T {
  const result = parse(text);
  return result.ok ? result.value : refuse(`${flag} ${shown(text) || "''"}: ${result.failure.message}`, result.failure.hint);
}

/** `change(value)` for an option that is given, else what there was. */
const or = <T, R>(value: T | undefined, before: R, change: (value: T) => R): R => (value === undefined ? before : change(value));

function withBase<W extends Workflow>(workflow: W, given: Overrides): W {
  return {
    ...workflow,
    env: [...workflow.env, ...(given.env ?? []).map((entry) => read('--env', entry, values.parseEnvEntry))],
    artifacts: or(given.artifacts, workflow.artifacts, (paths) => paths.map((path) => read('--artifact', path, values.parseArtifact))),
    deps: or(given.deps, workflow.deps, (deps) => deps.map((dep) => read('--dep', dep, parseDep))),
    mounts: [...workflow.mounts, ...(given.mounts ?? []).map((mount) => read('--mount', mount, parseMount))],
    workingDir: or(given.workingDir, workflow.workingDir, (path) => read('--working-dir', path, values.parseWorkingDir)),
    requirements: given.requirements ?? workflow.requirements,
    python: or(given.python, workflow.python, (version) => read('--python', version, values.parsePython)),
    image: given.image ?? workflow.image,
    ports: or(given.ports, workflow.ports, (ports) => read('--ports', ports, parsePorts)),
    maxDuration: or(given.maxDuration, workflow.maxDuration, (text) => read('--max-duration', text, values.parseLimit)),
    idleTimeout: or(given.idleTimeout, workflow.idleTimeout, (text) => read('--idle-timeout', text, values.parseLimit)),
    priority: or(given.priority, workflow.priority, (number) => read('--priority', String(number), values.parsePriority)),
    retry: or(given.retry, workflow.retry, (number) => read('--retry', String(number), values.parseRetry)),
    watch: watchWith(workflow.watch, given),
    resources: resourcesWith(workflow.resources, given),
  };
}

/** `--watch` with paths: these instead of those of the file; what the file ignores stays ignored. */
function watchWith(watch: WatchRef | null, given: Overrides): WatchRef | null {
  if (given.watch === undefined) return watch;
  const paths = given.watch.map((path) => read('--watch', path, parseWatchPattern));
  return { paths: paths.length > 0 ? paths : (watch?.paths ?? []), ignore: watch?.ignore ?? [] };
}

function resourcesWith(resources: Resources, given: Overrides): Resources {
  return {
    cpu: or(given.cpu, resources.cpu, (text) => read('--cpu', text, values.parseCpu)),
    memory: or(given.memory, resources.memory, (text) => read('--memory', text, values.parseMemory)),
    shmSize: or(given.shmSize, resources.shmSize, (text) => read('--shm-size', text, values.parsePositiveSize)),
    gpu: gpuWith(resources.gpu, given),
    interruptible: given.interruptible ?? resources.interruptible,
  };
}

/** Each of the three options changes its part of the request; a name or memory alone means one GPU. */
function gpuWith(gpu: GpuRequest | null, given: Overrides): GpuRequest | null {
  if (given.gpu === undefined && given.gpuName === undefined && given.gpuMemory === undefined) return gpu;
  const count = or(given.gpu, gpu?.count ?? 1, (text) => read('--gpu', text, values.parseGpuCount));
  const name = or(given.gpuName, gpu?.name ?? null, (text) => read('--gpu-name', text, values.parseGpuName));
  const memory = or(given.gpuMemory, gpu?.memory ?? null, (text) => read('--gpu-memory', text, values.parsePositiveSize));
  return count === 0 ? null : { count, name, memory };
}

/** Two artifacts, two mounts, or one of each, at one path. */
function clashFree<W extends Workflow>(workflow: W): W {
  const base = posix.join('/workflow', workflow.workingDir);
  const seen = new Set<string>();
  for (const target of [
    ...workflow.artifacts.map(({ path }) => posix.resolve(base, path)),
    ...workflow.mounts.map((mount) => mount.target),
  ]) {
    if (seen.has(target)) refuse(`two artifacts or mounts are at ${target}`, 'remove one of them');
    seen.add(target);
  }
  const deps = workflow.deps.map((dep) => JSON.stringify([dep.kind, dep.project, dep.name]));
  const twice = workflow.deps.find((_, index) => deps.indexOf(deps[index] ?? '') < index);
  if (twice)
    refuse(
      `the dep ${twice.kind === 'tag' ? ':' : ''}${[twice.project, twice.name].filter(Boolean).join('/')} is given twice`,
      'remove one of them',
    );
  return workflow;
}

/** Options that only some providers have. */
function refuseForeign(provider: ProviderName, given: Overrides): void {
  const only = (value: unknown, flag: string, providers: ProviderName[]): void => {
    if (value !== undefined && !providers.includes(provider))
      refuse(`${flag} is for ${listed(providers)} workflows, and this is one of ${provider}`, 'leave it out');
  };
  only(given.commands, '-c', ['bash', 'docker']);
  only(given.file, 'FILE', ['torchrun']);
  only(given.nodes, '--nodes', ['torchrun']);
  only(given.version, '--server-version', ['code', 'lab', 'notebook']);
  only(given.inactivityDuration, '--inactivity-duration', ['code', 'lab', 'notebook']);
}

/** The options whose values are filled in, with the keys of the file whose rules hold for them. */
function checkReferences(given: Overrides): void {
  const check = (flag: string, key: string, texts: readonly (string | undefined)[]): void => {
    for (const text of texts) {
      if (!text?.includes('{{')) continue;
      const { pieces, problems } = parseTemplate(text);
      if (problems[0]) refuse(`${flag} ${shown(text)}: ${problems[0].message}`, problems[0].hint);
      const refused = pieces.flatMap((piece) => (piece.kind === 'reference' ? (refusedReference(key, piece.reference) ?? []) : []));
      if (refused[0] !== undefined) refuse(`${flag} ${shown(text)}: ${refused[0]}`, refused[1]);
    }
  };
  check('-c', 'commands', given.commands ?? []);
  check('--env', 'env', given.env ?? []);
  check('--artifact', 'artifacts', given.artifacts ?? []);
  check('--mount', 'mounts', given.mounts ?? []);
  check('--working-dir', 'working_dir', [given.workingDir]);
  check('--requirements', 'requirements', [given.requirements]);
  check('IMAGE', 'image', [given.image]);
  check('FILE', 'file', [given.file]);
}
