import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { variablesOf, type Message } from './message.ts';
import { refused, type Told } from './outcome.ts';

/** How long what it started may take to end after SIGTERM (ms). */
const grace = 2_000;
const mostSaid = 8_192;

/**
 * Runs the command by `sh -c`, in the home folder of the daemon's user: the message in variables, and as JSON on its standard input. Once: what it did before
 * it failed cannot be known. It and all that it started end after `limit` (ms), or with `signal`.
 */
export function tellCommand(command: string, message: Message, limit: number, signal: AbortSignal): Promise<Told> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], {
      cwd: homedir(),
      env: { ...process.env, ...variablesOf(message) },
      // a group of its own, so that all of it can be ended
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let said = '';
    let why: string | null = null;
    const end = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // it has ended
      }
    };
    let killing: NodeJS.Timeout | null = null;
    const giveUp = (sentence: string): void => {
      why = sentence;
      end('SIGTERM');
      killing = setTimeout(() => end('SIGKILL'), grace);
    };
    const timer = setTimeout(() => giveUp(`it took longer than ${limit / 1000} s`), limit);
    const onAbort = (): void => giveUp('it was cut off by the end of the daemon');
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (told: Told): void => {
      clearTimeout(timer);
      // what it started may hear no SIGTERM, and go on without it
      killing?.unref();
      signal.removeEventListener('abort', onAbort);
      // what it left in the background may hold it open
      child.stderr.destroy();
      resolve(told);
    };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-mostSaid)));
    child.stdin.on('error', () => {}); // it need not read
    child.stdin.end(`${JSON.stringify(message)}\n`);
    child.once('error', (error) => settle(refused(`it could not be run: ${error.message}`)));
    child.once('exit', (code, killer) => {
      if (why === null && code === 0) return settle({ how: 'told' });
      const last = withoutUrls(said.trim().split('\n').at(-1) ?? '');
      settle(refused(`${why ?? `it ended with ${code === null ? killer : `exit code ${code}`}`}${last === '' ? '' : `: ${last}`}`));
    });
  });
}

/** Of a URL only where it leads: what follows may be a secret. */
const withoutUrls = (text: string): string => text.replace(/(https?:\/\/)(?:[^\s/@]*@)?([^\s/?#]*)\S*/g, '$1$2/…').slice(0, 300);
