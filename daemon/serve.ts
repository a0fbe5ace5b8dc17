/** The daemon from its lock to its end: start, signals, stop. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeDir } from '../shared/home.ts';
import { messageOf } from '../shared/result.ts';
import { besideSocket, socketPath } from '../shared/socket.ts';
import { composeDaemon } from './context.ts';
import { fileSystemOf } from './hosts/filesystem.ts';
import { takeLock } from './store/lock.ts';

interface Options {
  /** for all users of the machine, as root */
  system?: boolean;
  /** whose members it serves then */
  group?: string;
  /** where its policy.yaml is looked for then */
  etc?: string;
}

/** Serves the home until it is told to stop; the process ends with it. `giveUp` says why it could not, and ends the process. */
export async function serve(home: string, options: Options, giveUp: (message: string) => never): Promise<void> {
  const fileSystem = await fileSystemOf(home);
  if (fileSystem.network) {
    giveUp(
      `${home} is on a network file system (${fileSystem.type}), where the daemon's database and workspaces cannot be kept safely; ` +
        `set DSTACK_HOME to a folder on a local disk, for example: export DSTACK_HOME=/var/tmp/$USER-dstack`,
    );
  }
  const release = takeLock(join(home, 'daemon.lock'));
  if (!release) {
    // another daemon of this home is up or about to be: the CLI that started us finds that one
    process.exit(0);
  }

  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, stop);
  // a system daemon looks again instead (daemon/users/serve-users.ts)
  process.on('SIGHUP', options.system ? () => {} : stop);

  const shared = options.system ? { policyFiles: [join(options.etc ?? '/etc/dstack', 'policy.yaml')] } : null;
  const composed = await composeDaemon(home, stopping.signal, stop, shared).catch((error: unknown) => giveUp(messageOf(error)));
  if (!composed.ok) {
    const { message, hint } = composed.failure;
    giveUp(hint === undefined ? message : `${message}. ${hint}`);
  } else {
    const daemon = composed.value;
    const checked = await daemon.check();
    if (!checked.ok) giveUp(`${checked.failure.message}. ${checked.failure.hint ?? ''}`);
    const socket = socketPath(home);
    // a socket file without a listener is a killed daemon's: we hold the lock
    if (existsSync(socket)) rmSync(socket);
    // what senders left when the daemon was killed
    rmSync(join(home, 'uploads'), { recursive: true, force: true });
    const distant = options.system ? null : besideSocket(socket);
    if (distant !== null && existsSync(distant)) rmSync(distant);
    process.umask(0o177);
    await new Promise<void>((resolve, reject) => {
      daemon.server.once('error', reject);
      daemon.server.listen(socket, resolve);
    });
    await new Promise<void>((resolve, reject) => {
      if (distant === null) return resolve();
      daemon.elsewhere.once('error', reject);
      daemon.elsewhere.listen(distant, resolve);
    });
    process.umask(0o022);
    await daemon.begin();
    const users = options.system
      ? await (await import('./users/serve-users.ts')).serveUsers(daemon, home, runtimeDir(), options.group ?? '')
      : null;
    if (users && !users.ok) giveUp(`${users.failure.message}. ${users.failure.hint ?? ''}`);
    await new Promise<void>((resolve) => {
      if (stopping.signal.aborted) resolve();
      stopping.signal.addEventListener('abort', () => resolve());
    });
    // what does not end by itself must not keep the next daemon waiting
    setTimeout(() => process.exit(0), 10_000).unref();
    if (users?.ok) users.value.stop();
    for (const server of [daemon.server, daemon.elsewhere]) {
      server.close();
      server.closeAllConnections();
    }
    await daemon.end();
    release?.();
    process.exit(0);
  }
}
