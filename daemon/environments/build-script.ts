/**
 * The script of a build: like a job's (providers/script.ts), and it notes in the state folder (/run/dstack) which of its commands is under way and, around a set-up, what that
 * changes in its shell:
 *
 *   command          the number of the command under way
 *   before, after    /proc/self/environ of a child: exactly what is exported
 *   directory        where it ended
 *   shell            lines of sh for what else a bash can tell: new variables and functions, options
 *   names-…, traps-… names of variables (where it is no bash), and traps
 *   jobs             what still runs
 *   volumes          folders of the image's volumes in which it wrote: they belong to no image
 *
 * Its variables are in a file that is deleted as soon as it is read: an image takes over those that its container was created with.
 */
import { pipOrUv } from '../providers/installing.ts';
import { jobScript, shellQuote, startScript, stateMount } from '../providers/script.ts';

/** In the state folder: written to before the build, by more than the second that busybox's `find` counts in. */
export const sinceFile = 'since';

export interface BuildCommand {
  /** as it is named when it fails */
  shown: string;
  /** lines of sh */
  run: string;
  /** what it installs, where that is a provider's own */
  installs?: string;
  /** what is said where the image has nothing to install it with (exit code `noInstaller`) */
  without?: string;
}

/** The files of the state folder by their names. `setup`: its commands are the user's, which leave something in their shell. */
export function buildFiles(options: {
  commands: readonly BuildCommand[];
  setup: boolean;
  workingDir: string;
  variables: Record<string, string>;
  exports: readonly (readonly [string, string])[];
  volumes: readonly string[];
}): Record<string, string> {
  const { commands, setup, volumes } = options;
  const at = (name: string): string => `${stateMount}/${name}`;
  const enter = `mkdir -p ${shellQuote(options.workingDir)} 2>/dev/null || :\ncd ${shellQuote(options.workingDir)}`;
  const numbered = commands.flatMap(({ run }, i) => [`echo ${i} >${at('command')}`, setup ? `. ${at(`setup-${i}`)}` : run]);
  const body = setup ? [noteBefore, whole(commands.length, numbered), noteAfter] : numbered;
  return {
    env: Object.entries(options.variables)
      .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
      .join(''),
    start: startScript.replace('#!/bin/sh\n', `#!/bin/sh\nif [ -f ${at('env')} ]; then . ${at('env')}; rm -f ${at('env')}; fi\n`),
    script: jobScript([enter, ...body, ...noteVolumes(volumes)], options.exports),
    ...(setup ? Object.fromEntries(commands.map(({ run }, i) => [`setup-${i}`, `${run}\n`])) : {}),
    ...(setup ? { setup: `${commands.map(({ run }) => run).join('\n')}\n` } : {}),
  };
}

/** Each command by itself, so that it can be named; all in one where one of them is none without the next (`if …; then`, and the rest). */
const whole = (count: number, numbered: readonly string[]): string => `dstack_whole= dstack_i=0
while [ $dstack_i -lt ${count} ]; do
  "\${BASH:-sh}" -n ${stateMount}/setup-$dstack_i 2>/dev/null || dstack_whole=1
  dstack_i=$((dstack_i + 1))
done
if [ -n "$dstack_whole" ]; then
unset dstack_whole dstack_i
. ${stateMount}/setup
else
unset dstack_whole dstack_i
${numbered.join('\n')}
fi`;

const listNames = `set | while IFS= read -r dstack_line; do case $dstack_line in [A-Za-z_]*=*) echo "\${dstack_line%%=*}" ;; esac; done`;

const noteBefore = `trap >${stateMount}/traps-before
cat /proc/self/environ >${stateMount}/before 2>/dev/null || :
dstack_options=$-; dstack_mask=$(umask)
if [ -n "\${BASH_VERSION-}" ]; then dstack_names=$(compgen -v; compgen -A function || :)
else ${listNames} >${stateMount}/names-before
fi`;

const noteAfter = `{ dstack_now=$-; set +x; } 2>/dev/null
trap >${stateMount}/traps-after
printf %s "$PWD" >${stateMount}/directory
{ jobs >/dev/null; jobs -p >${stateMount}/jobs; } 2>/dev/null || :
{
[ "$dstack_mask" = "$(umask)" ] || echo "umask $(umask)"
[ "$dstack_options" = "$dstack_now" ] || { set +o; case $dstack_now in *x*) echo 'set -x' ;; esac; }
if [ -n "\${BASH_VERSION-}" ]; then
  dstack_new() { case "
$dstack_names
" in *"
$1
"*) return 1 ;; esac; case $1 in dstack_*|BASH*|FUNCNAME|PIPESTATUS|_|OPT*|REPLY|DIRSTACK|GROUPS|COLUMNS|LINES|MAPFILE) return 1 ;; esac; }
  for dstack_name in $(compgen -v); do
    if dstack_new "$dstack_name"; then
      dstack_line=$(declare -p "$dstack_name")
      dstack_flags=\${dstack_line#declare -}
      case \${dstack_flags%% *} in *x*|*r*) ;; *) printf '%s\\n' "$dstack_line" ;; esac
    fi
  done
  for dstack_name in $(compgen -A function); do if dstack_new "$dstack_name"; then declare -f "$dstack_name"; fi; done
fi
} >${stateMount}/shell
if [ -z "\${BASH_VERSION-}" ]; then ${listNames} >${stateMount}/names-after; fi
cat /proc/self/environ >${stateMount}/after 2>/dev/null || :`;

/** What was there before has the times that it has in the image. Without `find` nobody can tell, which counts as if it wrote there. */
const noteVolumes = (volumes: readonly string[]): string[] =>
  volumes.map((dir) => {
    const look = `find ${shellQuote(dir)} -mindepth 1 -newer ${stateMount}/${sinceFile} 2>/dev/null | head -n 1`;
    return `if command -v find >/dev/null 2>&1; then ${look}; else echo ${shellQuote(dir)}; fi >>${stateMount}/volumes || :`;
  });

/** The requirements, by pip or uv. */
export function pipInstall(requirements: string): BuildCommand {
  const words = `-r ${shellQuote(requirements)}`;
  const without = 'the image has neither pip nor uv to install the requirements with: use another image';
  return { shown: `pip install ${words}`, run: pipOrUv(words, without), without };
}
