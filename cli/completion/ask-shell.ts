import { spawnSync } from 'node:child_process';

/** Milliseconds: what somebody's own start-up files do may hang. */
const patience = 5_000;
const mark = '\u0001dstack ';

/**
 * What an interactive shell of the user's prints for `script`, as lines; null: it cannot be run, or takes too long. What their start-up files print is left out:
 * the script is to begin each line with `$1`.
 */
export function askShell(shell: string, script: string, env: NodeJS.ProcessEnv): string[] | null {
  const { status, stdout } = spawnSync(shell, ['-ic', script, shell, mark], {
    env,
    encoding: 'utf8',
    timeout: patience,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
    // it must not take the terminal from us
    detached: true,
  } as Parameters<typeof spawnSync>[2] & { encoding: 'utf8' });
  if (status === null) return null;
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length));
}
