#!/usr/bin/env node
/**
 * The daemon: start, signals, stop. Started by the CLI when it is needed; single by a lock of the kernel's. The last line on stderr of one
 * that could not start is `dstackd: <why>`, which the CLI shows.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { homeDir } from '../shared/home.ts';
import { messageOf } from '../shared/result.ts';
import { socketPath } from '../shared/socket.ts';

const home = homeDir();
mkdirSync(home, { recursive: true, mode: 0o700 });
enableCompileCache(join(home, 'cache'));
// trees and workspaces are for whatever user an image has; the home itself is closed to others
process.umask(0o022);

const giveUp = (message: string): never => {
  process.stderr.write(`dstackd: ${message}\n`);
  process.exit(1);
};

const { takeLock } = await import('./store/lock.ts');
const { fileSystemOf } = await import('./hosts/filesystem.ts');
const { composeDaemon } = await import('./context.ts');

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
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, stop);

const composed = await composeDaemon(home, stopping.signal, stop).catch((error: unknown) => giveUp(messageOf(error)));
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
  process.umask(0o177);
  await new Promise<void>((resolve, reject) => {
    daemon.server.once('error', reject);
    daemon.server.listen(socket, resolve);
  });
  process.umask(0o022);
  await daemon.begin();
  await new Promise<void>((resolve) => {
    if (stopping.signal.aborted) resolve();
    stopping.signal.addEventListener('abort', () => resolve());
  });
  // what does not end by itself must not keep the next daemon waiting
  setTimeout(() => process.exit(0), 10_000).unref();
  daemon.server.close();
  daemon.server.closeAllConnections();
  await daemon.end();
  release?.();
  process.exit(0);
}
