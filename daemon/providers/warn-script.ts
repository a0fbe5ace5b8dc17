/**
 * A line of sh that sends SIGUSR1 to every process of its container that has a handler for it, and to no other: for those the signal would be the end.
 * Which ones have, /proc/PID/status says (`SigCgt`, a mask in hexadecimal; SIGUSR1 is bit 9, SIGXCPU bit 23: proc_pid_status(5), signal(7)).
 *
 * A bash with a trap on EXIT catches all signals that end it, SIGXCPU among them, only to end after its trap. It is passed over, except for the job's own script
 * where that speaks of USR1 (`$1` is `script`; the init is its parent): it has a handler then.
 */
export const warnScript = `for dir in /proc/[0-9]*; do
  pid=\${dir#/proc/}
  [ "$pid" = $$ ] && continue
  while read -r key value; do
    case $key in
      PPid:) parent=$value ;;
      SigCgt:)
        wants=\${value%??} ends=\${value%?????}
        case \${wants#"\${wants%?}"} in [2367abefABEF]) ;; *) break ;; esac
        case \${ends#"\${ends%?}"} in [89abcdefABCDEF]) [ "$1:$parent" = script:1 ] || break ;; esac
        kill -USR1 "$pid"
        break
        ;;
    esac
  done <"$dir/status"
done 2>/dev/null`;
