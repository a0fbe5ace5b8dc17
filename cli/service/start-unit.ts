import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastingPath } from './command.ts';
import { environmentLine, quoted, unitName, userUnits } from './unit.ts';

interface Where {
  home: string;
  env: NodeJS.ProcessEnv;
  /** the daemon's program */
  main: string;
}

/** Milliseconds: systemctl waits for a bus that does not answer. */
const patience = 5_000;

/**
 * Has systemd start the daemon, where `dstack daemon install` wrote a unit for this home and this installation: a daemon that a command starts itself ends with
 * the session of that command, on machines that are set up so. False: there is none, or systemd does not answer.
 */
export async function startUnit({ home, env, main }: Where): Promise<boolean> {
  const unit = read(join(userUnits(env), unitName)).split('\n');
  const ours =
    unit.some((line) => line.startsWith('ExecStart=') && line.endsWith(` ${quoted(lastingPath(main))}`)) &&
    unit.includes(environmentLine('DSTACK_HOME', home));
  if (!ours) return false;
  return new Promise((resolve) => {
    const child = spawn('systemctl', ['--user', 'start', unitName], { env, stdio: 'ignore', timeout: patience });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
