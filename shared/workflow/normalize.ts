import type { z } from 'zod';
import { unwrap } from '../result.ts';
import { parseMount, parsePort, parseSize, portCount } from '../units.ts';
import { parseDep, parseDepName } from './deps.ts';
import type { DepRef, EnvEntry, GpuRequest, Ports, ProviderName, Resources, Workflow, WorkflowBase } from './model.ts';
import { quoteArgs, splitWords } from './quote.ts';
import type { anyWorkflow } from './schema.ts';
import { parseArtifact, parseEnvEntry, parseInactivity, parseLimit, parseWorkingDir } from './values.ts';
import { watchOf } from './watch.ts';

/** A workflow's values as the schema has let them pass: the parsers below have said yes to them already. */
export type RawWorkflow = z.output<typeof anyWorkflow>;

/** Every short form written out, every unit converted. */
export function normalize(raw: RawWorkflow, provider: ProviderName): Workflow {
  const base = baseOf(raw);
  switch (provider) {
    case 'bash':
      return { ...base, provider, commands: commandsOf(raw.commands) };
    case 'docker':
      return { ...base, provider, image: raw.image ?? '', commands: commandsOf(raw.commands), entrypoint: entrypointOf(raw.entrypoint) };
    case 'code':
    case 'lab':
    case 'notebook':
      return {
        ...base,
        provider,
        version: raw.version === undefined ? null : String(raw.version),
        inactivityDuration: raw.inactivity_duration === undefined ? null : unwrap(parseInactivity(raw.inactivity_duration)),
        extensions: raw.extensions ?? [],
      };
    case 'torchrun':
      return {
        ...base,
        provider,
        file: raw.file ?? raw.script ?? '',
        args: argsOf(raw.args),
        nodes: Number(raw.nodes ?? 1),
        artifactsOf: raw.artifacts_of ?? 'master',
      };
  }
}

function baseOf(raw: RawWorkflow): WorkflowBase {
  return {
    name: raw.name,
    help: raw.help ?? null,
    deps: listOf(raw.deps).map(depOf),
    artifacts: listOf(raw.artifacts).map((item) => unwrap(parseArtifact(typeof item === 'string' ? item : item.path))),
    env: envOf(raw.env),
    workingDir: unwrap(parseWorkingDir(raw.working_dir ?? '')),
    resources: resourcesOf(raw.resources ?? {}),
    mounts: (raw.mounts ?? []).map((mount) => unwrap(parseMount(mount))),
    maxDuration: raw.max_duration === undefined ? null : unwrap(parseLimit(raw.max_duration)),
    idleTimeout: raw.idle_timeout === undefined ? null : unwrap(parseLimit(raw.idle_timeout)),
    priority: Number(raw.priority ?? 0),
    retry: Number(raw.retry ?? 0),
    beforeRun: commandsOf(raw.setup ?? raw.before_run),
    requirements: raw.requirements ?? null,
    python: raw.python === undefined ? null : String(raw.python),
    image: raw.image ?? null,
    registryAuth: raw.registry_auth ?? null,
    ports: portsOf(raw.ports),
    watch: watchOf(raw.watch),
  };
}

const listOf = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** A block stays one command: it may hold a loop or a here-document. */
const commandsOf = (value: string | string[] | undefined): string[] => listOf(value).map((command) => command.trimEnd());

function depOf(dep: string | { tag?: string | undefined; workflow?: string | undefined }): DepRef {
  if (typeof dep === 'string') return unwrap(parseDep(dep));
  return unwrap(dep.tag === undefined ? parseDepName('workflow', dep.workflow ?? '') : parseDepName('tag', dep.tag));
}

function envOf(env: RawWorkflow['env']): EnvEntry[] {
  if (Array.isArray(env)) return env.map((entry) => unwrap(parseEnvEntry(entry)));
  return Object.entries(env ?? {}).map(([name, value]) => ({ name, value: value === null ? null : String(value) }));
}

function resourcesOf(raw: NonNullable<RawWorkflow['resources']>): Resources {
  return {
    cpu: raw.cpu === undefined ? null : Number(raw.cpu),
    memory: raw.memory === undefined ? null : unwrap(parseSize(raw.memory)),
    shmSize: raw.shm_size === undefined ? null : unwrap(parseSize(raw.shm_size)),
    gpu: gpuOf(raw.gpu),
    interruptible: raw.interruptible ?? false,
  };
}

function gpuOf(raw: NonNullable<RawWorkflow['resources']>['gpu']): GpuRequest | null {
  if (raw === undefined) return null;
  const { count, name, memory } = typeof raw === 'object' ? raw : { count: raw };
  const request = { count: Number(count ?? 1), name: name ?? null, memory: memory === undefined ? null : unwrap(parseSize(memory)) };
  return request.count === 0 ? null : request;
}

function portsOf(raw: RawWorkflow['ports']): Ports | null {
  if (raw === undefined) return null;
  if (!Array.isArray(raw)) return unwrap(portCount(Number(raw)));
  return { kind: 'list', ports: raw.map((port) => unwrap(parsePort(String(port)))) };
}

const entrypointOf = (raw: RawWorkflow['entrypoint']): string[] | null =>
  raw === undefined ? null : typeof raw === 'string' ? splitWords(raw) : raw;

/**
 * Pieces of a shell command line, to be joined by blanks. A text is such a piece already; items of a list are quoted where needed, except
 * `${{ run.args }}`, which comes quoted.
 */
function argsOf(raw: RawWorkflow['args']): string[] {
  if (raw === undefined) return [];
  if (typeof raw === 'string') return raw.trim() === '' ? [] : [raw.trim()];
  return raw.map((arg) => (/^\$\{\{\s*run\.args\s*\}\}$/.test(String(arg)) ? String(arg) : quoteArgs([String(arg)])));
}
