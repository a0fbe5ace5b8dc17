/**
 * The program of a watch's container (under its init): runs the job's script time and again, each an attempt with a number, as the daemon tells it through two
 * pipes in the state folder. It needs nothing but a POSIX shell: bash, dash and busybox's are tried in its tests.
 *
 *   daemon → `begin` N   bring the workspace to its files (`new/N/refresh`, where there is something to do: then it is told `N refresh`), then run the script
 *          → `end`       `end N`: SIGTERM to all of its processes; `kill N`: SIGKILL
 *   → `up`               it listens
 *     `begun`            N: its commands run from the file's time on
 *     `ended`            N and the exit code: nothing of it is left; `stopped`: because its container is being ended
 *     `refused`          N: the workspace could not be brought to its files (why: `refresh.out`): it needs another container
 *     `stuck`            N: there is something left of it that cannot be killed: as well
 *
 * INVARIANTS: numbers only grow, and what was done is not done again, so that each line may be sent twice. One attempt runs at a time, in the foreground and in
 * the terminal's own process group, so that what the terminal signals reaches it. It is over when no process of it is left: those whose chain of
 * parents ends at the init (1), but for the supervisor's own; a session that the engine put into the container has a chain that ends outside (0). As in any container they get
 * SIGKILL when the script has ended by itself; those that were told to end have until `kill`.
 *
 * A second process reads `end`, since a shell that waits for its child hears nothing else. It says in `busy` that it is about to signal: the next attempt does not
 * begin before it has done so, and it signals none whose end is noted. A process that is born while it looks, or has yet to become its program, hears SIGTERM too: all are held (SIGSTOP) until there are
 * no others, and the first one looks into `ending` once it no longer has the traps of this shell.
 */
import { markFormat } from '../logs/marks.ts';
import { checkGpus, stateMount } from './script.ts';

/** In the state folder. */
export const watchFiles = {
  begin: 'begin',
  end: 'end',
  first: 'first',
  up: 'up',
  begun: 'begun',
  ended: 'ended',
  ending: 'ending',
  refused: 'refused',
  stuck: 'stuck',
  refreshOut: 'refresh.out',
  /** in the container: what the daemon puts there for it, in a folder for each attempt (`refresh`, `files`), read-only */
  stage: `${stateMount}/new`,
} as const;

/** Where the files lie that the container began with, read-only. */
export const treeMount = `${stateMount}/tree`;

/** All processes, those that began first before their children (mostly). */
const processes = Array.from({ length: 7 }, (_, i) => `/proc/${'[0-9]'.repeat(i + 1)}`).join(' ');

/**
 * Sets dstack_found to the processes of the attempt, dstack_mates to those of them that the init signals with the supervisor, and dstack_unsure where one's parent ended just then, or where
 * there is nothing to be seen; and dstack_moving to all that are not held. One whose first thread has ended is not over while it has others.
 */
const find = `dstack_find() {
  dstack_found= dstack_mates= dstack_unsure= dstack_all= dstack_group= dstack_moving=
  for dstack_dir in ${processes}; do
    { while read -r dstack_line; do case $dstack_line in *') '[A-Za-z]' '[0-9]*) break ;; esac; done <"$dstack_dir/stat"; } 2>/dev/null || continue
    set -- \${dstack_line##*) }
    case $1 in X | '') continue ;; Z) [ "\${18:-1}" -gt 1 ] || continue ;; T | t) ;; *) dstack_moving="$dstack_moving \${dstack_dir#/proc/}" ;; esac
    [ "\${dstack_dir#/proc/}" != "$dstack_main" ] || dstack_group=$3
    eval "dstack_group_\${dstack_dir#/proc/}=$3"
    dstack_all="$dstack_all \${dstack_dir#/proc/}"
    eval "dstack_parent_\${dstack_dir#/proc/}=$2"
  done
  for dstack_pid in $dstack_all; do
    case $dstack_pid in 1 | "$dstack_main" | "$dstack_self") continue ;; esac
    dstack_up=$dstack_pid
    while [ "$dstack_up" -gt 1 ]; do eval "dstack_up=\\\${dstack_parent_$dstack_up:--1}"; done
    case $dstack_up in
      1)
        dstack_found="$dstack_found $dstack_pid"
        eval "[ \\"\\$dstack_group_$dstack_pid\\" != \\"$dstack_group\\" ]" || dstack_mates="$dstack_mates $dstack_pid"
        ;;
      -1) dstack_unsure=1 ;;
    esac
  done
  for dstack_pid in $dstack_all; do unset "dstack_parent_$dstack_pid" "dstack_group_$dstack_pid"; done
  [ -n "$dstack_group" ] || dstack_unsure=1
}`;

/**
 * SIGTERM to all processes of the attempt, each once: what one does about it, and begins for that, is left alone. One that was told to hold still may yet have a child by then, if it was in the middle
 * of that: all have to be seen still before the last look.
 */
const tellAll = `dstack_tell_all() {
  dstack_held= dstack_looks=0 dstack_still=
  while [ $dstack_looks -lt 30 ]; do
    dstack_looks=$((dstack_looks + 1))
    dstack_find
    dstack_new= dstack_before=$dstack_still dstack_still=1
    [ -z "$dstack_unsure" ] || dstack_still=
    for dstack_pid in $dstack_found; do
      case "$dstack_held " in *" $dstack_pid "*) ;; *) dstack_new="$dstack_new $dstack_pid" dstack_still= ;; esac
      case "$dstack_moving " in *" $dstack_pid "*) dstack_still= ;; esac
    done
    [ -z "$dstack_before" ] || [ -z "$dstack_still" ] || break
    [ -z "$dstack_new" ] || kill -STOP $dstack_new
    dstack_held="$dstack_held$dstack_new"
  done
  [ -z "$dstack_found" ] || kill -TERM $dstack_found
  [ -z "$dstack_held" ] || kill -CONT $dstack_held
}`;

/** The process that ends attempts. */
const listen = `dstack_listen() {
  trap '' TERM INT HUP QUIT USR1 USR2
  read -r dstack_self dstack_rest </proc/self/stat
  while :; do
    read -r dstack_verb dstack_n <&9 || continue
    echo 1 >$dstack_state/busy
    dstack_b= dstack_e=
    read -r dstack_b dstack_rest <$dstack_state/begun
    read -r dstack_e dstack_rest <$dstack_state/ended
    if [ "$dstack_b" = "$dstack_n" ] && [ "$dstack_e" != "$dstack_n" ]; then
      echo "$dstack_n $dstack_verb" >$dstack_state/ending
      case $dstack_verb in
        end) dstack_tell_all ;;
        kill) dstack_find; kill -KILL $dstack_found ;;
      esac
    fi
    echo 0 >$dstack_state/busy
  done
} 2>/dev/null`;

/** Sees that nothing of attempt dstack_n is left; false: something is, and cannot be killed. */
const clean = `dstack_clean() {
  dstack_looks=0
  while dstack_find; [ -n "$dstack_found$dstack_unsure" ]; do
    dstack_told= dstack_how=
    read -r dstack_told dstack_how <$dstack_state/ending
    case $dstack_told:$dstack_how in
      "$dstack_n:end") ;;
      *)
        [ -z "$dstack_found" ] || kill -KILL $dstack_found
        dstack_looks=$((dstack_looks + 1))
        [ $dstack_looks -lt 250 ] || return 1
        ;;
    esac
    [ -z "$dstack_sleep" ] || [ $dstack_looks -eq 1 ] || sleep 0.02
  done
  return 0
} 2>/dev/null`;

/** Its container is being ended: those that were told so with the supervisor have until they are killed with it. */
const outlast = `dstack_outlast() {
  while dstack_find; [ -n "$dstack_mates" ]; do [ -z "$dstack_sleep" ] || sleep 0.05; done
} 2>/dev/null`;

/** What the container runs. Its GPUs are looked at once. */
export const watchStartScript = `#!/bin/sh
${checkGpus}DSTACK_PATH=$PATH; export DSTACK_PATH
dstack_state=${stateMount}
dstack_main=$$
dstack_self=
dstack_home=$PWD
dstack_n=0
dstack_runs=
dstack_stop=
dstack_shell='sh -l'
command -v bash >/dev/null 2>&1 && dstack_shell='bash --login'
dstack_sleep=; command -v sleep >/dev/null 2>&1 && dstack_sleep=1
dstack_stty=; command -v stty >/dev/null 2>&1 && dstack_stty=1
${find}
${tellAll}
${listen}
${clean}
${outlast}
echo 0 >$dstack_state/busy
: >$dstack_state/ending
[ -f $dstack_state/begun ] || : >$dstack_state/begun
[ -f $dstack_state/ended ] || : >$dstack_state/ended
exec 8<>$dstack_state/${watchFiles.begin} 9<>$dstack_state/${watchFiles.end} || exit 1
# a shell says on stderr how its child was ended
exec 7>&2 2>/dev/null
trap 'if [ -n "$dstack_runs" ]; then dstack_stop=1; else exit 143; fi' TERM
trap : INT QUIT USR1 USR2
dstack_listen 7>&- 8<&- &
dstack_listener=$!
dstack_self=$dstack_listener
dstack_next=
[ -f $dstack_state/${watchFiles.first} ] && read -r dstack_next <$dstack_state/${watchFiles.first}
echo up >$dstack_state/${watchFiles.up}
while :; do
  dstack_with=
  if [ -z "$dstack_next" ]; then read -r dstack_next dstack_with <&8 || continue; fi
  dstack_want=$dstack_next
  dstack_next=
  case $dstack_want in '' | *[!0-9]*) continue ;; esac
  [ "$dstack_want" -gt "$dstack_n" ] || continue
  while dstack_busy=; read -r dstack_busy <$dstack_state/busy; [ "$dstack_busy" = 1 ] && kill -0 "$dstack_listener" 2>/dev/null; do :; done
  if [ -f ${watchFiles.stage}/$dstack_want/refresh ]; then
    if ! sh ${watchFiles.stage}/$dstack_want/refresh >$dstack_state/${watchFiles.refreshOut} 2>&1 </dev/null 7>&- 8<&- 9<&-; then
      echo "$dstack_want" >$dstack_state/${watchFiles.refused}
      continue
    fi
  elif [ -n "$dstack_with" ]; then
    echo 'there is no refresh to be seen' >$dstack_state/${watchFiles.refreshOut}
    echo "$dstack_want" >$dstack_state/${watchFiles.refused}
    continue
  fi
  cd "$dstack_home" 2>/dev/null || { echo "cannot enter $dstack_home" >$dstack_state/${watchFiles.refreshOut}; echo "$dstack_want" >$dstack_state/${watchFiles.refused}; continue; }
  dstack_n=$dstack_want
  [ -z "$dstack_stty" ] || stty sane 2>/dev/null
  RUN_ATTEMPT=$dstack_n; export RUN_ATTEMPT
  dstack_runs=1
  [ -z "$dstack_stop" ] || exit 143
  printf '${markFormat}' "$dstack_n"
  echo "$dstack_n" >$dstack_state/begun || exit 1
  # its redirections are the child's alone: of how that ends this shell tells nobody
  (exec 2>&7 7>&- 8<&- 9<&-; dstack_told=; read -r dstack_told dstack_rest <$dstack_state/ending; [ "$dstack_told" != "$dstack_n" ] || exit 143; exec $dstack_shell $dstack_state/script)
  dstack_code=$?
  [ -z "$dstack_stop" ] || dstack_outlast
  [ -n "$dstack_stop" ] || dstack_clean || { echo "$dstack_n" >$dstack_state/${watchFiles.stuck}; }
  echo "$dstack_n $dstack_code\${dstack_stop:+ stopped}" >$dstack_state/ended || exit $dstack_code
  [ -z "$dstack_stop" ] || exit 143
  dstack_runs=
done
`;
