import type { Caller } from './caller.ts';
import { runGroup } from './run-group.ts';

/** An account under which a child process is to run, with all its groups. */
export type Account = Pick<Caller, 'user' | 'uid' | 'gid'>;

/** The command line that runs `command` as somebody else; only root may. Their groups are those of the system, not ours. */
export const asUser = ({ uid, gid }: Account, command: readonly string[]): [string, string[]] => [
  'setpriv',
  [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--no-new-privs', '--', ...command],
];

/**
 * The same with a capability that is of no use to it and that the user does not have: so they may not trace it (ptrace(2): whoever traces must have all
 * capabilities of the traced), and what it says is what it saw.
 */
const asUserUntraced = (account: Account, command: readonly string[]): [string, string[]] => {
  const [program, args] = asUser(account, command);
  const untraced = args.flatMap((arg) =>
    arg === '--inh-caps=-all' ? ['--inh-caps=-all,+net_bind_service', '--ambient-caps=+net_bind_service'] : [arg],
  );
  return [program, untraced];
};

/**
 * The same as asUser for what stands in a folder, or has one open, that its user must not get at: its real user is another, nobody, so that they may not look into the
 * process either (`/proc/PID/cwd` would let them into the folder, to stay). Not for a shell, which makes the real user its own.
 */
export const asUserAlone = (account: Account, command: readonly string[]): [string, string[]] => {
  const [program, args] = asUser(account, command);
  return [program, args.flatMap((arg) => (arg.startsWith('--reuid=') ? [`--ruid=${nobody}`, `--euid=${account.uid}`] : [arg]))];
};

const nobody = 65534;

/** Nothing of the daemon's own environment is for a user's process. */
export const userEnv = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };

/**
 * What a user finds at a path: where it really is, or why they cannot have it. `id`: device and inode of what was opened there, with their rights to it;
 * '': it is neither a folder nor a file.
 */
export type Reached = { real: string; id: string } | { problem: 'missing' | 'unreadable' | 'unwritable' };

/** How long a look may take (ms): a file may become a pipe, which nobody opens at the other end, and a server of files may be gone. */
const patience = 30_000;

// the shell's own tests ask the kernel, as the user: no rule of ours can differ from what the user may do
// of one opening, so that nothing can be put in its place between the tests and the look at which it is
const script = `
opened() {
  exec 3<"$2" || exit 1
  if [ -d /proc/self/fd/3 ] && ! [ -x /proc/self/fd/3 ]; then echo unreadable
  elif [ "$1" = rw ] && ! [ -w /proc/self/fd/3 ]; then echo unwritable
  else printf '=%s %s\\n' "$(stat -L -c %d:%i /proc/self/fd/3)" "$2"
  fi
}
while [ $# -gt 0 ]; do
  if ! real=$(realpath -e -- "$2" 2>/dev/null); then echo missing
  elif [ -d "$real" ] || [ -f "$real" ]; then (opened "$1" "$real") 2>/dev/null || echo unreadable
  elif ! [ -r "$real" ]; then echo unreadable
  elif [ "$1" = rw ] && ! [ -w "$real" ]; then echo unwritable
  else printf '= %s\\n' "$real"
  fi
  shift 2
done`;

/** Looks at paths (without control characters) with a user's rights: links are followed as far as they may. In the order of the paths. */
export async function reach(account: Account, paths: readonly { source: string; readOnly: boolean }[]): Promise<Reached[]> {
  const pairs = paths.flatMap(({ source, readOnly }) => [readOnly ? 'ro' : 'rw', source]);
  const command = asUserUntraced(account, ['/bin/sh', '-c', script, 'sh', ...pairs]);
  const ended = await runGroup(command, { limitMs: patience, env: userEnv });
  if (ended.late) throw new Error(`cannot look at folders as ${account.user}: they do not answer`);
  const { out, err, code } = ended;
  const lines = out.split('\n').slice(0, -1);
  if (code !== 0 || lines.length !== paths.length)
    throw new Error(`cannot look at folders as ${account.user}: ${err.trim() || `exit code ${code}`}`);
  return lines.map((line): Reached => {
    if (line.startsWith('=')) return { id: line.slice(1, line.indexOf(' ')), real: line.slice(line.indexOf(' ') + 1) };
    return { problem: line === 'unreadable' || line === 'unwritable' ? line : 'missing' };
  });
}
