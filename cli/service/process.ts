/** Starting and ending the daemon's process. Starting is safe to do many at once: the daemon holds a lock, and who comes second exits 0. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { homeFiles } from '../../shared/home.ts';
import { makeFolder } from '../../shared/make-folder.ts';
import { fail, ok, type Result } from '../../shared/result.ts';

interface Where {
  home: string;
  socket: string;
  env: NodeJS.ProcessEnv;
  /** the daemon's program */
  main: string;
}

/** Milliseconds: a daemon that migrates a big database or reconciles many containers listens before it does so. */
const giveUpAfter = 60_000;
/** Milliseconds: then it is said what is waited for. The command itself has taken some before that, and half a second in all is long. */
const slowAfter = 400;
/** Milliseconds for a daemon that systemd starts. */
const unitTakes = 3_000;
const mostAttempts = 5;
/** Bytes: with less, the database cannot be opened. */
const noRoom = 256 * 1024;

/** Starts the daemon unless one answers, and waits until one does. `onSlow` is called once when that takes more than half a second. */
export async function startDaemon(where: Where, onSlow: () => void): Promise<Result<void>> {
  const { daemonCommand } = await import('./command.ts');
  const began = performance.now();
  let told = false;
  const tell = (): void => {
    if (!told) onSlow();
    told = true;
  };
  const systemd = async (): Promise<boolean> =>
    (await (await import('./start-unit.ts')).startUnit(where)) && (await listens(where.socket, unitTakes));
  let pause = 5;
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    if (await answers(where.socket)) return ok(undefined);
    // where systemd keeps it, systemd starts it; should that come to nothing, a process of our own says why
    if (attempt === 1) {
      const slow = setTimeout(tell, slowAfter);
      const up = await systemd();
      clearTimeout(slow);
      if (up) return ok(undefined);
    }
    const log = spawnDaemon(where, daemonCommand(where.main));
    if (!log.ok) return log;
    const { child, from } = log.value;
    // who lost the race for the lock exits 0 and waits here for the winner; should the winner come to nothing, it tries again
    let patience = 1000 * attempt;
    while (performance.now() - began < giveUpAfter) {
      await delay(pause);
      pause = Math.min(50, pause * 1.5);
      if (await answers(where.socket)) return ok(undefined);
      if (performance.now() - began > slowAfter) tell();
      if (child.exitCode === null && child.signalCode === null) continue;
      // one that was killed did not fail by itself: another is started
      if (child.signalCode !== null && attempt < mostAttempts) break;
      if (child.exitCode !== 0) return died(where.home, from, child);
      patience -= pause;
      if (patience < 0) break;
    }
  }
  return fail('daemon_silent', 'The daemon does not answer.', `See ${homeFiles(where.home).daemonLog} for what it is doing.`);
}

/** True when something listens on the socket. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** Waits until something listens on the socket. False: after `limit` milliseconds nothing does. */
async function listens(socket: string, limit: number): Promise<boolean> {
  const began = performance.now();
  while (!(await answers(socket))) {
    if (performance.now() - began > limit) return false;
    await delay(10);
  }
  return true;
}

/** Waits until nobody listens on the socket any more. False: after `limit` milliseconds somebody still does. */
export async function gone(socket: string, limit: number): Promise<boolean> {
  const began = performance.now();
  while (await answers(socket)) {
    if (performance.now() - began > limit) return false;
    await delay(20);
  }
  return true;
}

/** `from`: where in the log this process's own lines begin. */
function spawnDaemon({ home, env }: Where, [node, ...args]: [string, ...string[]]): Result<{ child: ChildProcess; from: number }> {
  try {
    makeFolder(home, 0o700);
    const log = openSync(homeFiles(home).daemonLog, 'a', 0o600);
    const from = fstatSync(log).size;
    const child = spawn(node, args, {
      cwd: home,
      detached: true,
      stdio: ['ignore', log, log],
      // one arena of glibc's memory, instead of one for each thread that was ever busy: 2 MB
      env: { MALLOC_ARENA_MAX: '1', ...env, DSTACK_HOME: home },
    });
    child.on('error', () => {}); // a process that did not come to be has no pid
    child.unref();
    closeSync(log);
    if (child.pid === undefined)
      return fail(
        'daemon_died',
        `The daemon could not start: ${process.execPath} does not run.`,
        'Install Node.js again, and dstack with it.',
      );
    return ok({ child, from });
  } catch (error) {
    return fail(
      'home_unusable',
      `Cannot write to ${home}: ${(error as Error).message}.`,
      'Make it writable, or set DSTACK_HOME to another folder.',
    );
  }
}

/** Why it ended: what it wrote last, `dstackd: <sentence>` when it knew why. */
function died(home: string, from: number, child: ChildProcess): Result<never> {
  const log = homeFiles(home).daemonLog;
  const { bavail, bsize } = statfsSync(home);
  // it could not even write why
  if (bavail * bsize < noRoom)
    return fail('disk_full', `The daemon could not start: no space left on the disk of ${home}.`, 'Free some, and try again.');
  const text = readFileSync(log).subarray(from).toString('utf8').trimEnd();
  // its sentence may have several lines: every problem of the configuration
  const at = text.lastIndexOf('dstackd: ');
  const own = at >= 0 ? text.slice(at) : (text.split('\n').at(-1) ?? '');
  const how = child.signalCode === null ? `code ${child.exitCode}` : child.signalCode;
  const why = own.replace(/^dstackd: /, '').slice(0, 4000);
  return fail(
    'daemon_died',
    why === '' ? `The daemon could not start (it ended with ${how}).` : `The daemon could not start: ${why}`,
    `Its log: ${log}`,
  );
}
