import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where everything of one installation lies: `$DSTACK_HOME`, else `~/.dstack`. Absolute. */
export function homeDir(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['DSTACK_HOME'];
  if (!given) return join(homedir(), '.dstack');
  return isAbsolute(given) ? given : resolve(given);
}

/** The home of a daemon that serves all users of a machine. */
export const systemHome = '/var/lib/dstack';

/** Where such a daemon's sockets lie: `users/<name>/dstackd.sock`. `$DSTACK_RUNTIME_DIR`, else /run/dstack. */
export const runtimeDir = (env: NodeJS.ProcessEnv = process.env): string => env['DSTACK_RUNTIME_DIR'] || '/run/dstack';

/**
 * The socket at which this machine's shared daemon answers this user (whether or not it runs); null: there is none for them, or `$DSTACK_HOME` names a daemon.
 * Root's lies in that daemon's home.
 */
export function sharedSocket(env: NodeJS.ProcessEnv = process.env, uid: number | undefined = process.getuid?.()): string | null {
  if (env['DSTACK_HOME']) return null;
  const runtime = runtimeDir(env);
  if (!existsSync(runtime)) return null;
  if (uid === 0) {
    const home = join(runtime, 'home');
    return existsSync(home) ? join(readFileSync(home, 'utf8').trim(), 'dstackd.sock') : null;
  }
  const socket = join(runtime, 'users', userInfo().username, 'dstackd.sock');
  return existsSync(socket) ? socket : null;
}

/** The files of an installation that both sides know. */
export const homeFiles = (home: string) => ({
  socket: join(home, 'dstackd.sock'),
  config: join(home, 'config.yaml'),
  daemonLog: join(home, 'daemon.log'),
});
