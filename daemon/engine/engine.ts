/**
 * A host's container engine, as the rest of the daemon sees it. Only this folder knows which engine it is and how it is spoken to.
 * Methods throw EngineError for what the engine answered or when it cannot be reached; "is not there" is a value, not an error.
 */
import type { Readable, Writable } from 'node:stream';

/** Labels on everything that is ours. */
export const labels = {
  installation: 'dstack.installation',
  run: 'dstack.run',
  job: 'dstack.job',
  attempt: 'dstack.attempt',
  /** UUIDs, joined by commas; only where there are any */
  gpus: 'dstack.gpus',
  /** id of the container whose network it shares; only where it does */
  network: 'dstack.network',
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
  /** what the terminal is made with, by engines that can (23.0 and newer); it is told again after the start in any case */
  terminalSize?: { columns: number; rows: number };
  /** cores */
  cpu: number | null;
  /** bytes; swap is given none beyond it */
  memory: number | null;
  shmSize: number | null;
  /** processes and threads at once; none: as many as the engine lets it */
  pids?: number | null;
  /** false: what the image says of its health is not asked now and then (it takes CPU, and looks like somebody at work) */
  healthCheck?: false;
  /** GPU UUIDs; empty: none */
  gpus: string[];
  /** how it gets them (what `--gpus` does unless said otherwise): docblock of daemon/engine/spec.ts */
  gpuAttach?: 'gpus' | 'cdi';
  ports: { container: number; host: number | null }[];
  /** an init as process 1 that passes signals to the whole process group and reaps */
  init: boolean;
  /** 'none' for helpers that need no network; that of another container (its id) has its ports too, and is there as long as that one runs. Absent: one of its own */
  network?: 'none' | { container: string };
  /** it is to become an image: of variables it has only its image's own and those of `env`, and no folder of ours */
  bare?: true;
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

/** A command to run beside a container's own, with somebody at its other end. */
export interface ExecSpec {
  command: string[];
  /** it gets a terminal */
  terminal: boolean;
  /** added to the container's own */
  env: Record<string, string>;
  /** else the container's own */
  user?: string;
  /** else the container's own */
  workingDir?: string;
}

/** What a command printed, in one go. With a terminal everything is on stdout. */
export interface Piece {
  stderr: boolean;
  data: Buffer;
}

export interface ExecSession {
  /** of the engine */
  id: string;
  /** what the command reads; `end` is the end of its input, where it has no terminal */
  input: Writable;
  /** gives `Piece`s; the command waits when nobody takes them. Ends with the command's outputs, or when the engine goes away; destroying it lets go of the command */
  output: Readable;
  /** of its terminal, once it was started; one that has ended: nothing happens */
  resize(size: { columns: number; rows: number }): Promise<void>;
  /** resolves when the command has ended, to be called when its output has; null: nobody knows, its container is gone */
  exitCode(signal: AbortSignal): Promise<number | null>;
}

export interface ExecState {
  running: boolean;
  /** null: it runs, or never did */
  exitCode: number | null;
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
    /** bytes, with everything that it is made of */
    size: number;
    labels: Record<string, string>;
    /** folders whose content belongs to no image */
    volumes: string[];
  } | null>;
  pull(
    reference: string,
    auth: { username: string; password: string } | null,
    onProgress: (p: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /** what a container changed in its image's files, its mounts apart: folders above a change count as changed themselves */
  changes(name: string): Promise<{ path: string; kind: 'changed' | 'added' | 'deleted' }[]>;
  /** makes the image `repository:tag` of a container, with the configuration of the image that it was made from and these labels beside its own; its id */
  commit(name: string, repository: string, tag: string, labels: Record<string, string>): Promise<string>;
  /** those with this label, `NAME` or `NAME=VALUE`; sizes in bytes with everything that they are made of */
  images(label: string): Promise<{ id: string; tags: string[]; labels: Record<string, string>; size: number }[]>;
  /** missing: nothing happens; a container needs it: `conflict` */
  removeImage(reference: string): Promise<void>;

  /** Creates, or finds the one of this name: `created` is false then, and labels must be compared by the caller. Missing image: `not_found`. */
  create(spec: ContainerSpec): Promise<{ id: string; created: boolean }>;
  /** null: no such container. By name or id */
  inspect(name: string): Promise<Container | null>;
  /** idempotent: starting a running container is no error */
  start(name: string): Promise<void>;
  /** Signals process 1. Not running any more: nothing happens */
  kill(name: string, signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGUSR1'): Promise<void>;
  /** starts a command in a running container, beside its own, and does not wait for it. Not running any more: nothing happens */
  exec(name: string, command: string[], user?: string): Promise<void>;
  /**
   * Starts a command with its input and outputs in our hands. null: the container does not run. `onCreated` is told its id before it is started. A command that
   * cannot be started says why on stdout and ends with 126 or 127.
   */
  openExec(name: string, spec: ExecSpec, onCreated?: (id: string) => Promise<void>): Promise<ExecSession | null>;
  /** null: no such command any more, its container is gone, or it ended a while ago */
  execState(id: string): Promise<ExecState | null>;
  /** with `force`, a running one too; missing: nothing happens */
  remove(name: string, force: boolean): Promise<void>;
  /** resolves when the container is not running any more, with its exit code; null when it vanished. Rejects `unreachable` when the engine goes away */
  wait(name: string, signal: AbortSignal): Promise<number | null>;
  /** before `start`, so that no byte is missed */
  attach(name: string): Promise<Attached>;
  /** the engine's own record from the start, byte for byte as it holds it (TTY: raw); `follow` goes on until the container ends */
  logs(name: string, follow: boolean, signal: AbortSignal): Promise<Readable>;
  resize(name: string, size: { columns: number; rows: number }): Promise<void>;
  /** what runs in it beside its own command: how many commands that somebody holds open (a shell, an editor); its first process is `pid` on the engine's machine. Null: it does not run */
  company(name: string, withinMs: number): Promise<{ id: string; pid: number; attached: number } | null>;
  /** what a quick command prints that runs beside its own; null: it failed, or the container does not run */
  execOutput(name: string, command: string[], withinMs: number): Promise<string | null>;
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
