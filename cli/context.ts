/** What every command gets: where it runs, whom it talks to, and where its words go. Composed once, in program.ts. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homeDir, sharedSocket } from '../shared/home.ts';
import { findProject } from '../shared/project.ts';
import { fail, ok, type Failure, type Result } from '../shared/result.ts';
import { ownVersion } from '../shared/version.ts';
import { Client } from './talk/client.ts';
import type { Connection } from './elsewhere/connection.ts';
import { slowWords } from './talk/slow-words.ts';
import { output, type Output } from './terminal/output.ts';
import { printable } from './terminal/text.ts';
import { createWaiting, type Waiting } from './talk/waiting.ts';

export interface Cli {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** of the user's own daemon: not of one that is shared (`client.shared`), unless they are root */
  home: string;
  version: string;
  out: Output;
  err: Output;
  client: Client;
  /** The exit status if nothing fails. */
  exitCode: number;
  /** The project around `cwd`, or a failure that says how to make one. */
  project(): Result<string>;
  /** The project around `cwd`, else `cwd` itself: for what needs no workflow file. */
  projectOrHere(): string;
  /** Says on stderr what is going on; who draws there puts its own way of saying it here. */
  notice: (sentence: string) => void;
  /** says what is waited for, where that takes a while */
  waiting: Waiting;
  /** Prints one thing for programs. */
  json(value: unknown): void;
  /** Prints a failure for people: what happened, then what to do. The one place that composes it. */
  complain(failure: Failure): void;
}

/** The way to the daemon of another machine; what it needs is loaded only here. */
async function reach(cli: Cli, host: string): Promise<Result<Connection>> {
  const [{ readAddress }, { openWay }] = await Promise.all([import('./elsewhere/address.ts'), import('./elsewhere/connection.ts')]);
  const address = readAddress(host);
  return address.ok ? openWay(address.value, cli.env, (sentence) => cli.notice(sentence)) : address;
}

/** What a verb that takes a project's files is at, when it takes long; null: not known. */
async function takingFiles(cli: Cli, params: object): Promise<string | null> {
  if (cli.client.sendsFiles || !('projectDir' in params)) return null;
  const { projectDir } = params as { projectDir: string };
  const answer = await cli.client.call('progress', { projectDir }, { start: false, anyVersion: true });
  return answer.ok ? answer.value.doing : null;
}

/** The context of this process. */
export function createCli(env: NodeJS.ProcessEnv, cwd: string): Cli {
  const out = output(process.stdout);
  const err = output(process.stderr);
  // the daemon of another machine is asked for by name
  const host = env['DSTACK_HOST'] || null;
  const shared = host === null ? sharedSocket(env) : null;
  // root's socket lies in the shared daemon's home, which is root's too
  const home = shared !== null && process.getuid?.() === 0 ? dirname(shared) : homeDir(env);
  const version = ownVersion();
  const found = findProject(cwd);
  const daemonMain = fileURLToPath(new URL('../daemon/main.ts', import.meta.url));
  const notice = (sentence: string): void => waiting.aside(() => err.line(err.style('dim', sentence)));
  // whoever draws on the terminal has its own way of saying things; ssh may ask for a password
  const waiting: Waiting = createWaiting(err, () => cli.notice !== notice || cli.client.connecting);
  const cli: Cli = {
    cwd,
    env,
    home,
    version,
    out,
    err,
    client: new Client({
      home,
      shared,
      elsewhere: host === null ? null : () => reach(cli, host),
      env,
      version,
      daemonMain,
      onNotice: (sentence) => cli.notice(sentence),
      onSlow: (verb, params, work) =>
        cli.waiting.during(slowWords(verb), work, ['submit', 'tagsAdd'].includes(verb) ? () => takingFiles(cli, params) : undefined),
    }),
    exitCode: 0,
    project: () =>
      found === null
        ? fail('no_project', `There is no .dstack/workflows.yaml in ${cwd} or above it.`, '`dstack init` makes one here.')
        : ok(found),
    projectOrHere: () => found ?? cwd,
    notice,
    waiting,
    json: (value) => out.line(JSON.stringify(value, null, 2)),
    complain: (failure) => {
      err.line(err.style('red', printable(failure.message)));
      if (failure.hint) err.line(printable(failure.hint));
    },
  };
  return cli;
}
