import { homedir } from 'node:os';
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

/** The files of an installation that both sides know. */
export const homeFiles = (home: string) => ({
  socket: join(home, 'dstackd.sock'),
  config: join(home, 'config.yaml'),
  daemonLog: join(home, 'daemon.log'),
});
