/**
 * The daemon as the commands see it: one typed call per verb of shared/api.ts. Starts the daemon when there is none, and replaces one older than itself;
 * one that all users of the machine share it leaves to the administrator.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { routes, type Verb, type Verbs } from '../../shared/api.ts';
import { fail, messageOf, ok, type Failure, type Result } from '../../shared/result.ts';
import { projectName } from '../../shared/project.ts';
import { socketPath } from '../../shared/socket.ts';
import { compareVersions, versionHeader } from '../../shared/version.ts';
import { answers, gone, startDaemon } from '../service/process.ts';
import type { Connection } from '../elsewhere/connection.ts';
import { exchange, type Answer } from './exchange.ts';
import { codeOf, isAbsent, request, text, type Request } from './http.ts';

/** A daemon's failure may carry more than a sentence: `env_needed` names variables. */
export type ApiFailure = Failure & { names?: string[] };

interface Options {
  home: string;
  /** the socket of the machine's shared daemon; none: the user's own daemon is meant */
  shared?: string | null;
  /** opens the way to the daemon of another machine; none: it is on this one */
  elsewhere?: (() => Promise<Result<Connection>>) | null;
  env: NodeJS.ProcessEnv;
  /** of this CLI */
  version: string;
  /** the daemon's program */
  daemonMain: string;
  /** told what is going on when it takes a while */
  onNotice: (sentence: string) => void;
  /** does what it is given, and says what that is when it takes a while */
  onSlow?: <T>(verb: Verb, params: object, work: () => Promise<T>) => Promise<T>;
}

interface CallOptions {
  /** false: no daemon is a failure `daemon_absent` */
  start?: boolean;
  /** true: speak to a daemon of whatever version (to ask for its version, or to stop it) */
  anyVersion?: boolean;
  /** true: asking twice does it once, so a lost answer is asked for again (all GETs are so) */
  repeatable?: boolean;
}

/** How often one request is made: each daemon that goes away costs two, one that breaks off and one that finds nobody. */
const mostAttempts = 20;

type Params<V extends Verb> = Verbs[V]['params'];

export class Client {
  readonly #options: Options;
  #socket: string | null = null;
  #agreed = false;
  #connection: Connection | null = null;
  #connected = false;
  /** the daemon looks into nobody's folders: it is told a project's name, and sent its files */
  #told: boolean;

  constructor(options: Options) {
    this.#options = options;
    this.#told = this.shared || this.elsewhere;
  }

  /** The daemon is the machine's, not the user's own. */
  get shared(): boolean {
    return typeof this.#options.shared === 'string';
  }

  /** The daemon is on another machine. */
  get elsewhere(): boolean {
    return typeof this.#options.elsewhere === 'function';
  }

  /** On its way to another machine, on which ssh may ask something. */
  get connecting(): boolean {
    return this.elsewhere && !this.#connected;
  }

  /** The way to it, once something was asked; null before that, and where the daemon is on this machine. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** A project's files have to be sent to it. */
  get sendsFiles(): boolean {
    return this.#told;
  }

  /** The socket's path; opened for once, see shared/socket.ts. Of another machine's daemon: where it is reached here. */
  get socket(): string {
    if (this.elsewhere && this.#connection === null) throw new Error('asked for before the connection was made');
    return (this.#socket ??= this.#connection?.socket ?? this.#options.shared ?? socketPath(this.#options.home));
  }

  /** The same, or why the home cannot be used. */
  #reach(): Result<string> {
    try {
      return ok(this.socket);
    } catch (error) {
      const { home } = this.#options;
      return fail(
        'home_unusable',
        `Cannot use ${home}: ${messageOf(error)}.`,
        'Make it a folder of your own, or set DSTACK_HOME to another.',
      );
    }
  }

  /** The daemon's program, of this installation of dstack. */
  get daemonMain(): string {
    return this.#options.daemonMain;
  }

  get headers(): Record<string, string> {
    return { [versionHeader]: this.#options.version };
  }

  /** The answer, or why there is none. `onSlow` says what is waited for. */
  call<V extends Verb>(verb: V, params: Params<V>, options: CallOptions = {}): Promise<Result<Verbs[V]['answer']>> {
    const ask = (): Promise<Result<Verbs[V]['answer']>> => this.#call(verb, params, options);
    return this.#options.onSlow ? this.#options.onSlow(verb, params, ask) : ask();
  }

  async #call<V extends Verb>(verb: V, params: Params<V>, options: CallOptions): Promise<Result<Verbs[V]['answer']>> {
    for (;;) {
      const told = this.#told;
      const sent = await this.#send(verb, this.#named(params), options, exchange);
      if (!sent.ok) return sent;
      const answer = sent.value;
      const result = parse<Verbs[V]['answer']>(answer.statusCode, answer.body);
      if (!told && this.#learnt(result)) continue;
      if (options.anyVersion || this.#agreed) return result;
      const agreed = await this.#agree(answer);
      if (!agreed.ok) return agreed;
      // what an older daemon has done is done; what it would not do, the new one may
      if (agreed.value === 'as it was' || result.ok) return result;
    }
  }

  /** For answers that are no JSON: the stream, its status already looked at. */
  async stream<V extends Verb>(verb: V, params: Params<V>): Promise<Result<IncomingMessage>> {
    if (!this.#agreed) {
      const status = await this.call('daemonStatus', {});
      if (!status.ok) return status;
    }
    for (;;) {
      const told = this.#told;
      const sent = await this.#send(verb, this.#named(params), {}, request);
      if (!sent.ok || sent.value.statusCode === 200) return sent;
      const refused = parse<never>(sent.value.statusCode, await text(sent.value).catch(messageOf));
      if (told || !this.#learnt(refused)) return refused;
    }
  }

  /** With the project's name, where the daemon does not look for it itself. */
  #named(params: object): object {
    return this.#told && 'projectDir' in params ? { ...params, project: projectName(String(params.projectDir)) } : params;
  }

  /** True where the answer is that the daemon has to be told: it is a shared one, reached through its home. Nothing was done yet. */
  #learnt(result: Result<unknown>): boolean {
    this.#told ||= !result.ok && ['project_unnamed', 'snapshot_needed'].includes(result.failure.code);
    return !result.ok && result.failure.code === 'project_unnamed';
  }

  /** Starts the daemon unless it runs. The machine's is not ours to start: `patient`, it is waited for while it is started anew. */
  async start(patient = false): Promise<Result<void>> {
    if (this.elsewhere) return this.#connect({ patient });
    const socket = this.#reach();
    if (!socket.ok) return socket;
    const { home, env, daemonMain, onNotice } = this.#options;
    if (this.shared) return (await returns(socket.value, patient ? restartTakes : 0)) ? ok(undefined) : notServed(socket.value);
    return startDaemon({ home, env, main: daemonMain, socket: socket.value }, () => onNotice('Starting the daemon…'));
  }

  /** Stops the daemon and waits until it has gone. `forGood`: who follows a run is not to start it again. */
  async stop({ forGood = false } = {}): Promise<Result<void>> {
    const stopped = await this.call('daemonStop', forGood ? { forGood } : {}, { start: false, anyVersion: true });
    if (!stopped.ok && stopped.failure.code !== 'daemon_gone') return stopped;
    if (this.#connection ? await this.#connection.silent(30_000) : await gone(this.socket, 30_000)) return ok(undefined);
    return fail(
      'daemon_stays',
      'The daemon has not stopped within 30 seconds.',
      'What it is at: dstack daemon logs. It may be killed without harm.',
    );
  }

  /** The way to another machine's daemon, opened unless it is open. */
  async #connect(how: { start?: boolean; patient?: boolean }): Promise<Result<void>> {
    const opened = this.#connection ? ok(this.#connection) : await this.#options.elsewhere?.();
    if (!opened?.ok) return opened ?? ok(undefined);
    this.#connection = opened.value;
    const ensured = await opened.value.ensure(how);
    this.#connected ||= ensured.ok;
    return ensured;
  }

  /** What `ask` brings; asked again when nobody answered, or the answer broke off, and that does no harm. */
  async #send<T>(
    verb: Verb,
    params: object,
    options: CallOptions,
    ask: (socket: string, wanted: Request) => Promise<T>,
  ): Promise<Result<T>> {
    const wanted = compose(verb, params, this.headers);
    if (this.elsewhere && !this.#connected) {
      const connected = await this.#connect({ start: options.start !== false });
      if (!connected.ok) return connected;
    }
    const socket = this.#reach();
    if (!socket.ok) return socket;
    for (let attempt = 1; ; attempt++) {
      try {
        return ok(await ask(socket.value, wanted));
      } catch (error) {
        if (isAbsent(error)) {
          if (this.shared) return notServed(socket.value);
          if (options.start === false) return fail('daemon_absent', 'The daemon is not running.', '`dstack daemon start` starts it.');
          const started =
            attempt > mostAttempts
              ? fail('daemon_silent', 'The daemon starts, and is gone again.', '`dstack daemon logs` says why.')
              : await this.start();
          if (!started.ok) return started;
        } else if (codeOf(error) === 'EACCES') {
          return fail(
            'socket_denied',
            `The daemon's socket ${socket.value} belongs to another user.`,
            'Set DSTACK_HOME to a folder of your own.',
          );
        } else if (!(wanted.method === 'GET' || options.repeatable) || attempt > mostAttempts) {
          return fail(
            'daemon_gone',
            `The daemon went away before it answered (${messageOf(error)}).`,
            'Whether it did what you asked is not known: look with `dstack ps -a`.',
          );
        } else if (this.elsewhere) {
          const again = await this.#connect({ start: options.start !== false, patient: true });
          if (!again.ok) return again;
        }
      }
    }
  }

  /** Compares versions, once. A newer daemon is not ours to replace: its database may be beyond us. */
  async #agree(answer: Answer): Promise<Result<'as it was' | 'replaced'>> {
    const { version, onNotice } = this.#options;
    const theirs = answer.headers[versionHeader];
    const difference = theirs !== undefined ? compareVersions(theirs, version) : 0;
    if (difference !== 0 && this.elsewhere) {
      return fail(
        'daemon_version',
        `The daemon of ${this.#connection?.address.destination ?? 'the other machine'} is dstack ${theirs}, and this command is ${version}.`,
        difference > 0 ? 'Update dstack here.' : 'Update dstack there; its next command replaces the daemon.',
      );
    }
    if (difference !== 0 && this.shared) {
      return fail(
        'daemon_version',
        `The daemon of this machine is dstack ${theirs}, and this command is ${version}.`,
        difference > 0 ? 'Use the dstack that is installed for all users.' : 'The administrator updates it: systemctl restart dstackd',
      );
    }
    if (difference > 0) {
      return fail(
        'daemon_newer',
        `The running daemon is dstack ${theirs}, newer than this command (${version}).`,
        'Update dstack here, or stop that daemon with `dstack daemon stop`.',
      );
    }
    this.#agreed = true;
    if (difference === 0) return ok('as it was');
    onNotice(`Replacing the daemon of dstack ${theirs} by that of ${version}; runs go on…`);
    const stopped = await this.stop();
    if (!stopped.ok && stopped.failure.code !== 'daemon_absent') return stopped;
    const started = await this.start();
    return started.ok ? ok('replaced') : started;
  }
}

/** Milliseconds within which a daemon that its administrator starts anew is expected back. */
const restartTakes = 20_000;

/** Whether the machine's daemon answers within `limit` milliseconds; where its socket is gone nobody is waited for. */
async function returns(socket: string, limit: number): Promise<boolean> {
  for (const began = performance.now(); ;) {
    if (await answers(socket)) return true;
    if (performance.now() - began >= limit || !existsSync(socket)) return false;
    await delay(100);
  }
}

const notServed = (socket: string): { ok: false; failure: Failure } =>
  existsSync(socket)
    ? fail(
        'daemon_down',
        'The dstack daemon of this machine is not running, and only its administrator can start it.',
        'Look with: systemctl status dstackd',
      )
    : fail(
        'not_served',
        "This machine's dstack daemon does not serve you any more.",
        'Its administrator says who may use it: the members of its group.',
      );

/** The verb's parameters put where its route wants them: in the path, the query (flags as `1`, left out when false), or the body. */
export function compose(verb: Verb, params: object, headers: Record<string, string>): Request {
  const { method, path } = routes[verb];
  const rest = new Map(Object.entries(params).filter(([, value]) => value !== undefined));
  const filled = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  if (method === 'POST')
    return {
      method,
      path: filled,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(rest)),
    };
  const query = new URLSearchParams();
  for (const [name, value] of rest) if (value !== false) query.set(name, value === true ? '1' : String(value));
  return { method, path: query.size > 0 ? `${filled}?${query}` : filled, headers };
}

function parse<T>(status: number | undefined, body: string): Result<T> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return fail('daemon_garbled', `The daemon's answer was cut off or is no JSON (status ${status}).`, '`dstack daemon logs` may say why.');
  }
  if (status !== undefined && status < 300) return ok(value as T);
  return { ok: false, failure: value as ApiFailure };
}
