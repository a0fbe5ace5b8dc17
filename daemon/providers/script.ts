/**
 * The shell script that a job's container runs, kept in the attempt's state folder (mounted at /run/dstack).
 *
 * `start` checks that the container sees exactly its GPUs and picks the shell; `script` holds the commands. A login shell, so that profiles count, but not an interactive one: that would swallow
 * SIGTERM. The image's own PATH stays in front, since Debian's /etc/profile replaces it. `trap … TERM` lets the shell wait for its child, which
 * the init signals too (it signals the whole group), and then end without running a later command.
 */
export const stateMount = '/run/dstack';
const exitFile = `${stateMount}/exit`;

/** Words of sh: the exact text, whatever it holds. */
export const shellQuote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A value in which `$NAME` and `${NAME}` are the container's own variables, as one word of sh; nothing else is expanded. */
export function expandInside(value: string): string {
  const parts = value.split(/(\$\{[A-Za-z_]\w*\}|\$[A-Za-z_]\w*)/);
  return parts.map((part, i) => (i % 2 === 1 ? `"\${${part.replace(/^\$\{?|\}$/g, '')}-}"` : part === '' ? '' : shellQuote(part))).join('');
}

export const refersToVariables = (value: string): boolean => /\$(\{[A-Za-z_]\w*\}|[A-Za-z_])/.test(value);

/** The exit code of a container that saw other GPUs than it should, before anything of the job was run. */
export const wrongGpusExit = 213;
/** In the state folder: the numbers N of the `/dev/nvidiaN` that the container should see; written by the daemon where the host has GPUs at all. */
export const gpusFile = 'gpus';
/** The same as it was seen, where it differed. */
export const gpusSeenFile = 'gpus-seen';

/** Compares what the container sees with what it should, with nothing but the shell itself: the image may have no other program. */
export const checkGpus = `if [ -f ${stateMount}/${gpusFile} ]; then
  read -r dstack_want <${stateMount}/${gpusFile}
  dstack_seen= dstack_wrong=
  for dstack_file in /dev/nvidia[0-9]*; do
    [ -e "$dstack_file" ] || continue
    dstack_file=\${dstack_file#/dev/nvidia}
    dstack_seen="$dstack_seen $dstack_file"
    case " $dstack_want " in *" $dstack_file "*) ;; *) dstack_wrong=1 ;; esac
  done
  for dstack_file in $dstack_want; do [ -e "/dev/nvidia$dstack_file" ] || dstack_wrong=1; done
  if [ -n "$dstack_wrong" ]; then
    echo $dstack_seen >${stateMount}/${gpusSeenFile}
    exit ${wrongGpusExit}
  fi
  unset dstack_want dstack_seen dstack_wrong dstack_file
fi
: >${stateMount}/started
`;

/** For images that start by themselves: checks the GPUs, then becomes what its arguments say. */
export const verifyScript = `#!/bin/sh
${checkGpus}exec "$@"
`;

/** In the state folder: what a job's shell does before its commands, to be where the set-up of its environment left its own. */
export const environmentFile = `${stateMount}/environment`;
export const restoreEnvironment = `. ${environmentFile}`;
/** In the state folder: the same for what runs beside the job; nothing of it is the set-up itself, which one that cannot be restored runs in the job. */
export const sessionFile = `${stateMount}/session`;

/** For images that start by themselves, with an environment that leaves something to a shell: does that, then becomes what its arguments say. */
export const enterScript = `#!/bin/sh
if [ -z "\${DSTACK_ENTERED-}" ] && command -v bash >/dev/null 2>&1; then
  DSTACK_ENTERED=1; export DSTACK_ENTERED
  exec bash ${stateMount}/enter "$@"
fi
unset DSTACK_ENTERED
set -e
${restoreEnvironment}
exec "$@"
`;

export const startScript = `#!/bin/sh
${checkGpus}DSTACK_PATH=$PATH; export DSTACK_PATH
if command -v bash >/dev/null 2>&1; then exec bash --login ${stateMount}/script; fi
exec sh -l ${stateMount}/script
`;

/** Whether the script itself may want the warning before the end of max_duration. */
export const speaksOfWarning = (commands: readonly string[]): boolean => commands.some((command) => command.includes('USR1'));

/** What a login shell has before it runs anything of a job's: the image's PATH in front, conda's hook, and the variables whose values refer to others. */
export const surroundings = (exports: readonly (readonly [string, string])[]): string[] => [
  'case $PATH: in $DSTACK_PATH:*) ;; *) PATH=$DSTACK_PATH:$PATH; export PATH ;; esac; unset DSTACK_PATH',
  condaHook,
  ...exports.map(([name, value]) => `${name}=${expandInside(value)}; export ${name}`),
];

export const condaHook = `for dstack_conda in /opt/conda /root/conda /opt/miniconda3 /opt/miniforge3; do
  if [ -f "$dstack_conda/etc/profile.d/conda.sh" ]; then . "$dstack_conda/etc/profile.d/conda.sh"; break; fi
done; unset dstack_conda`;

const leaveExitCode = `trap 'dstack_exit=$?; set +e; { echo $dstack_exit >${exitFile}.new && mv -f ${exitFile}.new ${exitFile}; } 2>/dev/null; exit $dstack_exit' EXIT`;

/**
 * The script of a job. `exports` are the variables whose values refer to others.
 * It leaves its exit code in the state folder: the code is known even if the container is gone before anybody read it. `alone` false: a supervisor does that, and waits for what the script has begun:
 * there SIGTERM ends the shell at once, unless the script has traps. One that waits for its child says into the job's output how that ended ("Terminated").
 */
export function jobScript(commands: readonly string[], exports: readonly (readonly [string, string])[], alone = true): string {
  return [
    // the job's exit code stands, even where a full disk takes none: then the engine's word is all there is
    ...(alone ? [leaveExitCode] : []),
    ...(alone || commands.some((command) => /\btrap\b/.test(command)) ? [`trap 'exit 143' TERM`] : []),
    // for its own trap, or that of a child: until the script sets one, the warning must not end it. Else it gets none, which would end its `wait`
    ...(speaksOfWarning(commands) ? ['trap : USR1'] : []),
    ...surroundings(exports),
    // pip trusts a folder for its downloads only where it is its own user's
    '[ -z "${PIP_CACHE_DIR-}" ] || [ -d "$PIP_CACHE_DIR" ] || mkdir -p "$PIP_CACHE_DIR" 2>/dev/null || :',
    'set -e',
    ...commands,
    '',
  ].join('\n');
}
