import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where everything of one installation lies: `$DSTACK_HOME`, else `~/.dstack`. Absolute. */
export function homeDir(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['DSTACK_HOME'];
  if (!given) return join(homedir(), '.dstack');
  return isAbsolute(given) ? given : resolve(given);
}

/** The files of an installation that both sides know. */
export const homeFiles = (home: string) => ({
  socket: join(home, 'dstackd.sock'),
  config: join(home, 'config.yaml'),
  daemonLog: join(home, 'daemon.log'),
});
