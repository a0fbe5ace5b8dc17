/**
 * The way to a daemon on another machine: one multiplexed ssh connection, which forwards that daemon's socket to one here and stays for a while after the command, so that
 * the next finds it open.
 *
 *     command ── local socket ═══ ssh (master, in the background) ═══ sshd ── elsewhere.sock ── daemon
 */
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { routes } from '../../shared/api.ts';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';
import { privateDir } from '../../shared/socket.ts';
import type { Address } from './address.ts';
import { remoteScript, type RemoteAnswer, readAnswer } from './remote-script.ts';
import { ssh, sshFailure, type Finished } from './ssh.ts';

/** Milliseconds for a login, in which somebody may have to type a passphrase; for what goes over an open connection; and for a daemon to start there. */
const limits = { login: 30_000, typed: 120_000, call: 20_000, start: 75_000 };
/** How long a lost connection is tried for again when somebody is attached (ms). */
const patience = 120_000;

export class Connection {
  readonly address: Address;
  /** at which the daemon is reached here */
  readonly socket: string;
  readonly #control: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #notice: (sentence: string) => void;

  /** Nothing is opened yet. Throws where no private folder can be made. */
  constructor(address: Address, env: NodeJS.ProcessEnv, notice: (sentence: string) => void) {
    this.address = address;
    this.#env = env;
    this.#notice = notice;
    const id = process
      .getBuiltinModule('node:crypto')
      .createHash('sha256')
      .update(JSON.stringify([address.url]))
      .digest('hex')
      .slice(0, 16);
    // ssh adds 17 characters to the control socket's name while it makes it, of the 107 that a socket's path may have
    const below = [env['XDG_RUNTIME_DIR'], tmpdir()].find((dir) => dir && existsSync(dir) && Buffer.byteLength(dir) < 45) ?? '/tmp';
    const dir = privateDir(below);
    this.socket = join(dir, `${id}.sock`);
    this.#control = join(dir, `${id}.ssh`);
  }

  /** Waits until nobody answers there any more. False: after `limit` milliseconds somebody still does. */
  async silent(limit: number): Promise<boolean> {
    for (const began = performance.now(); await daemonAnswers(this.socket); await delay(50))
      if (performance.now() - began > limit) return false;
    return true;
  }

  /** Which connection this is: another after each time it was made anew. Null: there is none. */
  get generation(): string | null {
    const stat = statSync(this.#control, { throwIfNoEntry: false });
    return stat ? `${stat.ino}:${stat.ctimeMs}` : null;
  }

  /**
   * Sees to it that the daemon there answers here: opens the connection if need be, and starts the daemon. `start` false: one that does not run is a failure
   * `daemon_absent`. `patient`: a connection that cannot be made is tried for a while.
   */
  async ensure({ start = true, patient = false } = {}): Promise<Result<void>> {
    const began = performance.now();
    for (let pause = 500; ; pause = Math.min(5_000, pause * 2)) {
      const before = this.generation;
      let made = await this.#once(start);
      // one that hung, as after a night's sleep, was found dead by this
      if (!made.ok && before !== null && this.generation !== before) made = await this.#once(start);
      const transient =
        !made.ok &&
        made.failure.code === 'no_connection' &&
        !/IDENTIFICATION|verification failed|Permission denied/.test(made.failure.message);
      if (made.ok || !patient || !transient || performance.now() - began > patience) return made;
      this.#notice(`No connection to ${this.address.destination}; trying again…`);
      await delay(pause);
    }
  }

  async #once(start: boolean): Promise<Result<void>> {
    if (await daemonAnswers(this.socket)) return ok(undefined);
    const open = await this.#locked(() => this.#open());
    if (!open.ok) return open;
    if (await daemonAnswers(this.socket)) return ok(undefined);
    // the connection is there, and nobody at its end, or at another socket than the one we know of
    const asked = await this.#ask(start);
    if (!asked.ok) return asked;
    const { socket, problem } = asked.value;
    const forwarded = await this.#locked(() => this.#forwardDaemon(socket));
    if (!forwarded.ok) return forwarded;
    if (await daemonAnswers(this.socket)) return ok(undefined);
    return fail(
      'daemon_absent',
      `No dstack daemon answers on ${this.address.destination}${problem === null ? '.' : `: ${problem}`}`,
      this.#howToStart(),
    );
  }

  /** The connection, made unless there is one. */
  async #open(): Promise<Result<void>> {
    const checked = await this.#over(['-O', 'check'], '', limits.call);
    if (checked.code === 0) return ok(undefined);
    // one that hangs or was killed leaves its sockets
    if (existsSync(this.#control)) await this.#over(['-O', 'exit'], '', 2_000);
    for (const left of [this.#control, this.socket]) rmSync(left, { force: true });
    const terminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
    const options = [
      'ControlMaster=yes',
      'ControlPersist=15m',
      'ExitOnForwardFailure=no',
      'StreamLocalBindUnlink=yes',
      'ServerAliveInterval=5',
      'ServerAliveCountMax=3',
      'ConnectTimeout=15',
      'ForwardAgent=no',
      'ForwardX11=no',
      'PermitLocalCommand=no',
      'ClearAllForwardings=yes',
      'RemoteCommand=none',
      `BatchMode=${terminal ? 'no' : 'yes'}`,
    ].flatMap((option) => ['-o', option]);
    const limit = terminal ? limits.typed : limits.login;
    const opened = await ssh(['-f', '-N', '-M', '-S', this.#control, ...options, ...this.#target()], { env: this.#env, limit });
    if (opened.code !== 0) return sshFailure(this.address, opened);
    const asked = await this.#ask(false);
    return asked.ok ? this.#forwardDaemon(asked.value.socket) : asked;
  }

  /** Where the daemon's socket is there. With `start` it is started, unless it runs. */
  async #ask(start: boolean): Promise<Result<RemoteAnswer>> {
    if (start) this.#notice(`Starting the daemon on ${this.address.destination}…`);
    const asked = await this.#over(['-T'], remoteScript(this.address.home, start), start ? limits.start : limits.call, ['exec sh -s']);
    const answer = readAnswer(asked.out);
    if (answer !== null) return ok(answer);
    return asked.code === 0
      ? fail(
          'no_connection',
          `${this.address.destination} does not say where its daemon is: ${asked.err || asked.out}`.trim(),
          'Is its login shell an ordinary one?',
        )
      : sshFailure(this.address, asked);
  }

  async #forwardDaemon(remote: string): Promise<Result<void>> {
    const forward = ['-L', `${this.socket}:${remote}`];
    await this.#over(['-O', 'cancel', ...forward], '', limits.call);
    const made = await this.#over(['-O', 'forward', ...forward], '', limits.call);
    return made.code === 0 ? ok(undefined) : sshFailure(this.address, made);
  }

  /** Forwards a port of the machine, on its 127.0.0.1, to one here. */
  async forwardPort(local: number, remote: number): Promise<Result<void>> {
    const made = await this.#over(['-O', 'forward', '-L', `127.0.0.1:${local}:127.0.0.1:${remote}`], '', limits.call);
    return made.code === 0 ? ok(undefined) : sshFailure(this.address, made);
  }

  async cancelPort(local: number, remote: number): Promise<void> {
    await this.#over(['-O', 'cancel', '-L', `127.0.0.1:${local}:127.0.0.1:${remote}`], '', 5_000);
  }

  /** The command line that forwards ports by hand. */
  byHand(ports: number[]): string {
    return ['ssh', '-N', ...ports.map((port) => `-L ${port}:127.0.0.1:${port}`), ...this.#target(false)].join(' ');
  }

  #over(args: string[], input: string, limit: number, command: string[] = []): Promise<Finished> {
    return ssh(
      [
        '-S',
        this.#control,
        '-o',
        'BatchMode=yes',
        '-o',
        'ControlMaster=no',
        '-o',
        'RemoteCommand=none',
        ...args,
        ...this.#target(),
        ...command,
      ],
      { env: this.#env, input, limit },
    );
  }

  #target(plain = true): string[] {
    const { port, destination } = this.address;
    return [...(port === null ? [] : ['-p', port]), ...(plain ? ['--'] : []), destination];
  }

  #howToStart(): string {
    const { port, destination, home } = this.address;
    return `Start it there: ssh ${port === null ? '' : `-p ${port} `}${destination} ${home === null ? '' : `DSTACK_HOME=${home} `}dstack daemon start`;
  }

  /** One command at a time makes a connection; the others find it made. */
  async #locked<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    const lock = `${this.#control}.lock`;
    for (const began = performance.now(); ;) {
      try {
        const file = openSync(lock, 'wx', 0o600);
        writeSync(file, String(process.pid));
        closeSync(file);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
          return fail('no_connection', `Cannot write ${lock}: ${messageOf(error)}.`, 'Make its folder one of your own.');
        if (performance.now() - began > limits.typed || isLeft(lock)) rmSync(lock, { force: true });
        else await delay(50);
      }
    }
    try {
      return await work();
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** A Connection, not open yet. Fails where there is no folder for its sockets. */
export function openWay(address: Address, env: NodeJS.ProcessEnv, notice: (sentence: string) => void): Result<Connection> {
  try {
    return ok(new Connection(address, env, notice));
  } catch (error) {
    return fail(
      'home_unusable',
      `There is no folder for the connection to ${address.url}: ${messageOf(error)}.`,
      'Set XDG_RUNTIME_DIR to a folder of your own.',
    );
  }
}

/** Whoever made the lock has gone. */
function isLeft(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // made just now, and not yet written
    if (!pid) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Whether a daemon answers at the socket: a connection alone says nothing, ssh takes it before it knows who is at the other end. */
export function daemonAnswers(socketPath: string): Promise<boolean> {
  const http = process.getBuiltinModule('node:http');
  return new Promise((resolve) => {
    const sent = http.request(
      { socketPath, path: routes.daemonStatus.path, headers: { host: 'dstack' }, timeout: limits.call },
      (answer) => {
        answer.resume();
        answer.once('error', () => {});
        resolve(true);
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
    sent.end();
  });
}
