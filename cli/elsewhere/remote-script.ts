/** What a machine is asked over ssh, in plain sh: its users may have any login shell, and nothing of ours need be on its PATH. */
import { elsewhereSocket } from '../../shared/socket.ts';

export interface RemoteAnswer {
  /** the daemon's socket there */
  socket: string;
  /** why it was not started; null: it was, or nobody tried */
  problem: string | null;
}

const mark = 'dstack-elsewhere';

/** The script. `home`: the daemon's there, null for what DSTACK_HOME says there; a daemon that its users share is preferred to one that nobody named. */
export function remoteScript(home: string | null, start: boolean): string {
  return `PATH="$PATH:/usr/local/bin:$HOME/.local/bin"
home=${home === null ? '' : quote(home)}
case $home in '~'|'~/'*) home=$HOME\${home#'~'};; esac
home=\${home:-$DSTACK_HOME}
shared=\${DSTACK_RUNTIME_DIR:-/run/dstack}/users/$(id -un)/dstackd.sock
if [ -z "$home" ] && [ -S "$shared" ]; then
  printf '${mark} socket %s\\n' "$shared"
  exit 0
fi
home=\${home:-$HOME/.dstack}
${start ? startIt : ''}
printf '${mark} socket %s\\n' "$home/${elsewhereSocket}"
`;
}

const startIt = `if command -v dstack >/dev/null 2>&1; then
  said=$(unset DSTACK_HOST; DSTACK_HOME=$home dstack daemon start 2>&1 </dev/null) || printf '${mark} problem %s\\n' "$(printf %s "$said" | tr '\\n' ' ')"
  [ -S "$home/${elsewhereSocket}" ] || printf '${mark} problem %s\\n' "it has no socket for other machines: the dstack there is too old, or $home too long"
else
  printf '${mark} problem %s\\n' 'there is no dstack on the PATH there'
fi`;

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Reads the answer; a login shell may have printed things of its own around it. Null: there is none. */
export function readAnswer(out: string): RemoteAnswer | null {
  const find = (what: string): string | null => new RegExp(`^${mark} ${what} (.*)$`, 'm').exec(out)?.[1]?.trim() ?? null;
  const socket = find('socket');
  return socket === null ? null : { socket, problem: find('problem') };
}
