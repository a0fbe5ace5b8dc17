/**
 * A host's container engine, as the rest of the daemon sees it. Only this folder knows which engine it is and how it is spoken to.
 * Methods throw EngineError for what the engine answered or when it cannot be reached; "is not there" is a value, not an error.
 */
import type { Readable } from 'node:stream';

/** Labels on everything that is ours. */
export const labels = {
  installation: 'dstack.installation',
  run: 'dstack.run',
  job: 'dstack.job',
  attempt: 'dstack.attempt',
  /** UUIDs, joined by commas; only where there are any */
  gpus: 'dstack.gpus',
  /** whose run it is, or whose daemon */
  user: 'dstack.user',
  kind: 'dstack.kind',
} as const;

/** Why the engine did not do it. `unreachable`: no answer; the state of things is unknown. */
export type EngineErrorKind = 'unreachable' | 'not_found' | 'conflict' | 'denied' | 'no_space' | 'mount' | 'other';

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: EngineErrorKind;
  constructor(kind: EngineErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface EngineInfo {
  /** stays the same over restarts; another engine at the same endpoint has another one */
  id: string;
  version: string;
  /** a string that changes whenever the engine process is started anew (the creation time of its default bridge network); '' where it has none */
  epoch: string;
  operatingSystem: string;
  cpus: number;
  memory: number;
  rootDir: string;
  rootless: boolean;
  defaultRuntime: string;
  runtimes: string[];
  /** it has the Container Device Interface, switched on */
  cdi: boolean;
  /** where it reads CDI specifications, on its own machine; empty: no CDI */
  cdiSpecDirs: string[];
  labels: string[];
}

export type MountSpec =
  | { type: 'bind'; source: string; target: string; readOnly: boolean }
  /** an overlay made by the engine's `local` volume driver: `lower` read-only below, what is written lands in `upper` */
  | { type: 'overlay'; volume: string; lower: string; upper: string; work: string; target: string };

export interface ContainerSpec {
  name: string;
  labels: Record<string, string>;
  image: string;
  /** null: the image's own */
  entrypoint: string[] | null;
  /** null: the image's own */
  command: string[] | null;
  env: Record<string, string>;
  workingDir: string;
  mounts: MountSpec[];
  tty: boolean;
  /** cores */
  cpu: number | null;
  /** bytes; swap is given none beyond it */
  memory: number | null;
  shmSize: number | null;
  /** processes and threads at once; none: as many as the engine lets it */
  pids?: number | null;
  /** GPU UUIDs; empty: none */
  gpus: string[];
  /** how it gets them (what `--gpus` does unless said otherwise): docblock of daemon/engine/spec.ts */
  gpuAttach?: 'gpus' | 'cdi';
  ports: { container: number; host: number | null }[];
  /** an init as process 1 that passes signals to the whole process group and reaps */
  init: boolean;
  /** 'none' for helpers that need no network */
  network?: 'none';
  user?: string;
}

export interface Container {
  id: string;
  name: string;
  labels: Record<string, string>;
  image: string;
  imageId: string;
  state:
    | { status: 'created' }
    | { status: 'running'; startedAt: number; pid: number }
    | { status: 'exited'; startedAt: number | null; finishedAt: number; exitCode: number; outOfMemory: boolean; error: string };
  ports: { container: number; host: number }[];
}

/** A container with the label of GPUs. `live`: it runs, or was never started and may be. */
export interface GpuContainer {
  id: string;
  name: string;
  labels: Record<string, string>;
  imageId: string;
  live: boolean;
  running: boolean;
}

/** What a running container has used. */
export interface ContainerStats {
  /** when this was read, by the engine's clock (ms since 1970) */
  at: number;
  /** of all cores together, since its start */
  cpuNanos: number;
  /** bytes, without files that are only cached; null: the engine does not say */
  memory: number | null;
}

export interface PullProgress {
  /** bytes so far and in all of the layers whose size is known */
  current: number;
  total: number;
  phase: string;
}

export interface Attached {
  /** everything the job prints from now on, byte for byte; must be drained or the job stops. Ends when the container ends or the engine goes away */
  output: Readable;
  write(data: Buffer | string): void;
  close(): void;
}

export interface Engine {
  /** for messages: `unix:///var/run/docker.sock` */
  readonly endpoint: string;
  info(): Promise<EngineInfo>;
  /** as in `info`, alone: quick. An engine that is stopping does not answer this any more (`unreachable`), while it still ends its containers */
  epoch(): Promise<string>;
  /** null: no such image here */
  image(reference: string): Promise<{
    id: string;
    digest: string | null;
    user: string;
    entrypoint: string[];
    command: string[];
    env: string[];
    shell?: string[];
  } | null>;
  pull(
    reference: string,
    auth: { username: string; password: string } | null,
    onProgress: (p: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /** Creates, or finds the one of this name: `created` is false then, and labels must be compared by the caller. Missing image: `not_found`. */
  create(spec: ContainerSpec): Promise<{ id: string; created: boolean }>;
  /** null: no such container. By name or id */
  inspect(name: string): Promise<Container | null>;
  /** idempotent: starting a running container is no error */
  start(name: string): Promise<void>;
  /** Signals process 1. Not running any more: nothing happens */
  kill(name: string, signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGUSR1'): Promise<void>;
  /** starts a command in a running container, beside its own, and does not wait for it. Not running any more: nothing happens */
  exec(name: string, command: string[]): Promise<void>;
  /** with `force`, a running one too; missing: nothing happens */
  remove(name: string, force: boolean): Promise<void>;
  /** resolves when the container is not running any more, with its exit code; null when it vanished. Rejects `unreachable` when the engine goes away */
  wait(name: string, signal: AbortSignal): Promise<number | null>;
  /** before `start`, so that no byte is missed */
  attach(name: string): Promise<Attached>;
  /** the engine's own record from the start, byte for byte as it holds it (TTY: raw); `follow` goes on until the container ends */
  logs(name: string, follow: boolean, signal: AbortSignal): Promise<Readable>;
  resize(name: string, size: { columns: number; rows: number }): Promise<void>;
  /** null: it does not run. Rejects `unreachable` when the engine has not answered within `withinMs` */
  stats(name: string, withinMs: number): Promise<ContainerStats | null>;

  /** containers with our installation's label, running or not */
  list(installation: string): Promise<Pick<Container, 'id' | 'name' | 'labels'>[]>;
  /** containers of all installations that have GPUs, and claims on GPUs; one call, a consistent picture of one moment */
  gpuContainers(): Promise<GpuContainer[]>;
  volumes(installation: string): Promise<{ name: string; labels: Record<string, string> }[]>;
  /** missing: nothing happens; in use: `conflict` */
  removeVolume(name: string): Promise<void>;

  /** runs a short container to its end and gives what it printed (both streams); removed afterwards whatever happens */
  runToEnd(spec: ContainerSpec, timeoutMs: number): Promise<{ exitCode: number; output: string }>;
  /** calls back at each start, death and removal of a container of ours, until aborted; rejects when the connection is lost. `onOpen`: from now on nothing is missed */
  watch(
    installation: string,
    onEvent: (e: { action: 'start' | 'die' | 'destroy' | 'oom'; name: string }) => void,
    signal: AbortSignal,
    onOpen?: () => void,
  ): Promise<void>;
}
