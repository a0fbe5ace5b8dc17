/** Names under which a terminal waits for somebody to type, if it does nothing else. */
const shells = new Set([
  ...['sh', 'bash', 'dash', 'ash', 'busybox', 'zsh', 'fish', 'ksh', 'ksh93', 'mksh', 'csh', 'tcsh'],
  ...['nu', 'elvish', 'xonsh', 'pwsh'],
]);

interface Process {
  pid: number;
  name: string;
  session: number;
  hasTerminal: boolean;
  /** it is neither over nor stopped (Ctrl+Z) */
  lives: boolean;
}

/**
 * In how many terminals of a container something runs: a command in the foreground, quiet as it may be, or a job in the background. One where a shell waits for
 * somebody to type is none of them. `stats`: lines of /proc/PID/stat of all its processes; `first`: the number of the container's own, whose terminal is its log.
 *
 * A terminal is a session (setsid(2)) whose leader has a controlling terminal; every process group, that in the foreground (tpgid) and those behind it, is of that
 * session. So something runs where the session has a process beside its leader, or where the leader is no shell (a task of an editor).
 */
export function busyTerminals(stats: string, first: number): number {
  const all = stats.split('\n').flatMap((line) => processOf(line) ?? []);
  const log = all.find(({ pid }) => pid === first)?.session ?? first;
  const leaders = all.filter(({ pid, session, hasTerminal }) => pid === session && hasTerminal && session !== log);
  return leaders.filter((leader) => {
    if (leader.lives && !shells.has(leader.name)) return true;
    return all.some(({ pid, session, lives }) => session === leader.pid && pid !== leader.pid && lives);
  }).length;
}

/**
 * The fields of /proc/PID/stat (proc_pid_stat(5)): `pid (comm) state ppid pgrp session tty_nr …`, tty_nr 0 for none. A name may have blanks and parentheses in it. A state of
 * Z or X is a process that has ended, T one that is stopped.
 */
function processOf(line: string): Process | null {
  const [, pid, name = '', state = '', session, terminal] = /^(\d+) \((.*)\) (\S) \d+ -?\d+ (-?\d+) (-?\d+) /.exec(line) ?? [];
  if (pid === undefined) return null;
  return { pid: Number(pid), name, session: Number(session), hasTerminal: Number(terminal) !== 0, lives: !/[ZXxT]/.test(state) };
}
