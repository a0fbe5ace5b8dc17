/**
 * How a command gets into a job's container, beside its own: with what the job's commands have (a login shell's PATH, conda's hook, the workflow's variables, what the
 * set-up left), as arguments that no shell reads a second time.
 *
 *   /bin/sh, says its number and waits ─ login shell (bash if there is one) ─ the command, or an interactive shell
 *
 * One process all along, by `exec`: the number said at first is the command's own, and that of its session (the engine makes one for each command). The wait is
 * until that number is noted and the terminal has its size.
 */
import { condaHook, sessionFile, shellQuote, surroundings } from './script.ts';

/** The first line that the script prints, on stderr: this and the process's number inside the container. */
export const greeting = 'dstack-session ';

export interface Entering {
  /** null: a shell */
  command: string[] | null;
  terminal: boolean;
  /** absolute; null: where the container's own commands begin */
  dir: string | null;
  /** variables whose values refer to others, as in the job's script */
  exports: readonly (readonly [string, string])[];
  /** set last, taken literally; no part of the command line, which others may read */
  env: Readonly<Record<string, string>>;
}

// what profiles print is not the command's output: it goes to stderr
const outer = `echo "${greeting}$$" >&2
read -r dstack_go || exit 129
unset dstack_go
DSTACK_PATH=$PATH; export DSTACK_PATH
dstack_inner=$1; shift
exec 3>&1 >&2
if command -v bash >/dev/null 2>&1; then exec bash --login -c "$dstack_inner" dstack "$@"; fi
exec sh -l -c "$dstack_inner" dstack "$@"`;

/** A terminal that the image knows nothing of would be taken for a dumb one. */
const knownTerminal = `case $TERM in
  xterm | xterm-256color | screen | tmux | linux | vt100 | dumb) ;;
  *)
    dstack_found=
    for dstack_dir in ~/.terminfo /etc/terminfo /lib/terminfo /usr/share/terminfo /usr/lib/terminfo; do
      [ -e "$dstack_dir/\${TERM%"\${TERM#?}"}/$TERM" ] && dstack_found=1
    done
    [ -n "$dstack_found" ] || { TERM=xterm-256color; export TERM; }
    unset dstack_found dstack_dir ;;
esac`;

/** 126 and 127 as a shell has them, in words that say whose they are. */
const checked = `case $1 in
  */*)
    if ! [ -e "$1" ]; then echo "dstack: there is no $1 in the container" >&2; exit 127; fi
    if [ -d "$1" ]; then echo "dstack: $1 is a folder, not a program" >&2; exit 126; fi
    if ! [ -x "$1" ]; then echo "dstack: $1 is not executable" >&2; exit 126; fi ;;
  *) if ! command -v -- "$1" >/dev/null 2>&1; then echo "dstack: there is no command '$1' in the container's PATH ($PATH)" >&2; exit 127; fi ;;
esac
exec "$@"`;

/** What the set-up left in its shell; its options are for the job's commands alone. */
const restoreSession = `if [ -f ${sessionFile} ]; then . ${sessionFile}; { set +eux; } 2>/dev/null; fi`;

/** What an interactive bash reads at its start: its user's own file, which it would not read with a file of ours, and what is not inherited, or that file may have undone. */
const bashStart = (last: readonly string[]): string =>
  ['if [ -f ~/.bashrc ]; then . ~/.bashrc; fi', condaHook, restoreSession, ...last].join('\n');

const interactive = (last: readonly string[], forget: string): string => `if [ -n "\${BASH_VERSION-}" ]; then
  dstack_start=${shellQuote(bashStart([...last, forget]))}
  eval 'exec bash --rcfile <(printf %s "$dstack_start") -i'
fi
${forget}
exec sh -i`;

/** Reads what it is to do from its input. */
const plainShell = `if [ -n "\${BASH_VERSION-}" ]; then exec bash; fi
exec sh`;

/** Before the names of the variables that are set last: what a profile sets does not get lost on the way. */
const carried = 'DSTACK_SET_';

/** What the engine is to give to `enterCommand`'s command line beside it: the engine tells everybody who may ask it of command lines, but not of variables. */
export const enterEnv = ({ env }: Pick<Entering, 'env'>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [`${carried}${name}`, value]));

/** The command line for the engine; it needs `enterEnv` too. */
export function enterCommand({ command, terminal, dir, exports, env }: Entering): string[] {
  const last = [
    ...Object.keys(env).map((name) => `${name}=$${carried}${name}; export ${name}`),
    ...(dir === null
      ? []
      : [`cd -- ${shellQuote(dir)} 2>/dev/null || { echo "dstack: cannot enter "${shellQuote(dir)} >&2; exit ${cannotEnter}; }`]),
  ];
  const forget = ['unset', 'dstack_start', ...Object.keys(env).map((name) => `${carried}${name}`)].join(' ');
  const inner = [
    ...surroundings(exports),
    ...(terminal ? [knownTerminal] : []),
    restoreSession,
    'exec >&3 3>&-',
    ...last,
    ...(command === null && terminal ? [interactive(last, forget)] : [forget, command !== null ? checked : plainShell]),
  ].join('\n');
  return ['/bin/sh', '-c', outer, 'dstack', inner, ...(command ?? [])];
}

/** The exit code where the command was not begun: neither its own nor one of the shell's. */
export const cannotEnter = 125;

/** Signals everything that belongs to a session, whose number is that of its first process, with nothing but the shell itself. Names as in `kill -s`. */
export const signalSession = (session: number, signals: readonly string[]): string[] => [
  '/bin/sh',
  '-c',
  `for dir in /proc/[0-9]*; do
  read -r stat <"$dir/stat" || continue
  set -- \${stat##*) }
  [ "$4" = ${session} ] || continue
  ${signals.map((signal) => `kill -s ${signal} "\${dir#/proc/}"`).join('; ')}
done 2>/dev/null`,
];
