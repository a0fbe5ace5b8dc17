import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cli } from '../context.ts';

/** The words, behind `node`, of the daemon's program that reads a project with its user's rights and sends it. `project`: its name. */
export function uploadProgram(cli: Cli, project: string, projectDir: string): string[] {
  const main = fileURLToPath(new URL('../../daemon/upload/main.ts', import.meta.url));
  const cache = join(cli.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dstack');
  return [main, '--socket', cli.client.socket, '--project', project, '--dir', projectDir, '--cache', cache];
}
