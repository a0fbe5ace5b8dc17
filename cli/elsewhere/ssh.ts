/** The system's ssh, with the user's keys, configuration and known hosts. */
import { spawn } from 'node:child_process';
import { fail, type Result } from '../../shared/result.ts';
import type { Address } from './address.ts';

export interface Finished {
  /** null: it ran over its limit, or a signal ended it */
  code: number | null;
  out: string;
  err: string;
}

/**
 * Runs ssh to its end, at most `limit` milliseconds. A password or passphrase it asks for on the terminal itself, where there is one. A child that ended well
 * is not waited for any further: what it left in the background may hold its stderr.
 */
export function ssh(
  args: string[],
  { env, input = '', limit }: { env: NodeJS.ProcessEnv; input?: string; limit: number },
): Promise<Finished> {
  return new Promise((resolve) => {
    // what stays in the background is not to hold anybody's folder
    const child = spawn('ssh', args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const end = (code: number | null, why = ''): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') + why });
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      end(null, `no answer within ${Math.round(limit / 1000)} seconds`);
    }, limit);
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', (error: NodeJS.ErrnoException) => end(null, error.code === 'ENOENT' ? noSsh : error.message));
    // with -f its stdout stays open in the background, and is not what anybody waits for
    child.once('exit', (code) =>
      code === 0 && args.includes('-f') ? setImmediate(() => end(code)) : child.once('close', () => end(code)),
    );
  });
}

const noSsh = 'there is no ssh on the PATH';

/** What a failed call means, in ssh's own words, and what to do about it. */
export function sshFailure({ destination, port, url }: Address, { err }: Pick<Finished, 'err'>): Result<never> {
  const words = err
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('@@@') && !line.startsWith('Warning: Permanently added'));
  const by = port === null ? destination : `-p ${port} ${destination}`;
  const hint = [...hints].find(([pattern]) => pattern.test(err))?.[1] ?? `Look with: ssh ${by}`;
  const said = words.length > 1 ? ['', ...words.slice(-8)].join('\n  ') : ` ${words[0] ?? 'ssh failed without a word.'}`;
  const host = destination.replace(/^.*@/, '');
  const entry = port === null ? host : `'[${host}]:${port}'`;
  return fail(
    'no_connection',
    `There is no connection to ${url}:${said}`,
    hint.replaceAll('{ssh}', `ssh ${by}`).replaceAll('{entry}', entry),
  );
}

const hints: readonly [RegExp, string][] = [
  [/HOST IDENTIFICATION HAS CHANGED/, 'If its administrator says that the key is new: ssh-keygen -R {entry}, then once by hand: {ssh}'],
  [/Host key verification failed/, 'Its key is not among your known hosts: connect once by hand and compare it: {ssh}'],
  [
    /Permission denied/,
    'Your key has to be among its authorized_keys (ssh-copy-id), and loaded if it has a passphrase (ssh-add). Look with: {ssh}',
  ],
  [/Could not resolve hostname/, 'Check the name in DSTACK_HOST, or give it a Host entry in ~/.ssh/config.'],
  [/Connection refused/, 'Is its sshd running, and on this port? DSTACK_HOST=ssh://user@host:port names another.'],
  [
    /timed out|no answer within|No route to host|Network is unreachable/i,
    'Is the machine on, and do you reach its network (a VPN)? Look with: {ssh}',
  ],
  [/there is no ssh on the PATH/, 'Install it: apt-get install openssh-client'],
];
