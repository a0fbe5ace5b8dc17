/**
 * What users of a shared daemon mount is theirs to swap for something else at any instant, for a link to root's files too, and the engine, which is root,
 * looks it up by its path. So it is not given their paths. Right before a container is made, and again before it is started, the daemon
 *
 *   opens each folder with the user's rights ─ remembers which it is ─ mounts it, as root, in a place of its own ─ looks: is it that one?
 *
 * and the engine is given the place, in which nobody but root can put anything. Whatever a path led to in between: what is mounted is what the user could open.
 * The container has a mount of its own from its start on: then the place is given up. It is in the mount namespace of the engine, wherever the daemon is; and on a file system of its own, so that an engine elsewhere finds nothing there rather than an empty folder.
 *
 * (To hold the container back until its mounts were looked at would be too late: the shell that would wait comes with the user's image.)
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { HostMount } from '../../shared/workflow/model.ts';
import { engineProcess } from '../users/engine-process.ts';
import { reach, userEnv, type Account } from '../users/reach.ts';
import { runGroup, type GroupEnd } from '../users/run-group.ts';
import type { Attempt } from './attempt.ts';

/** Of the daemon. */
interface Holder {
  installation: string;
  engine: { endpoint: string };
}

/** Not below a folder that is ever deleted with all that is in it. */
const allPlaces = '/run/dstack-mounts';
const placeOf = (installation: string, id: string): string => `${allPlaces}/${installation}.${id}`;

// private at once: what is unmounted here must not vanish where it came from
const giveUp = `
if [ -d "$1" ]; then
  mount --make-rprivate "$1" 2>/dev/null || :
  umount -l "$1" 2>/dev/null || :
  rmdir "$1"
fi
`;
const hold = `set -e
umask 077
${giveUp}
mkdir -p "$1"
mount -t tmpfs -o mode=0700,size=1m dstack "$1"
mount --make-rprivate "$1"
at=$1
shift
n=0
for source in "$@"; do
  if [ -d "$source" ]; then mkdir "$at/$n"; else : >"$at/$n"; fi
  mount --rbind --make-rprivate -- "$source" "$at/$n"
  stat -c %d:%i -- "$at/$n"
  n=$((n+1))
done
`;

/**
 * The mounts as the engine is to be given them: those of a user of a shared daemon in places that are held for this attempt, until `releaseMounts`. Fails where
 * one is not what it was at submit. Only what was given here may be mounted at a later call's: the places are the same.
 */
export async function holdMounts(
  holder: Holder,
  { run, id }: Pick<Attempt, 'run' | 'id'>,
  mounts: readonly HostMount[],
): Promise<Result<HostMount[]>> {
  if (run.owner === null || mounts.length === 0) return ok([...mounts]);
  const account: Account = { user: run.user, ...run.owner };
  const reached = await reach(account, mounts).catch(() => null);
  if (reached === null) return fail('mounts', `nobody can look at the folders of 'mounts' as ${run.user}, whose account may be gone`, null);
  const lost = (mount: HostMount | undefined): Result<never> =>
    fail('mounts', `the folder ${mount?.source} of 'mounts' is not what it was at submit, or ${run.user} may not use it any more`, null);
  const ids = reached.map((found, i) => ('real' in found && found.real === mounts[i]?.source ? found.id : ''));
  if (ids.includes('')) return lost(mounts[ids.indexOf('')]);
  const place = placeOf(holder.installation, id);
  const ended = await besideTheEngine(holder, hold, [place, ...mounts.map(({ source }) => source)]);
  if (ended.late) {
    await releaseMounts(holder, { run, id }, mounts);
    return fail('mounts', `a folder of 'mounts' did not answer within ${patience / 1000} s: is its file server gone?`, null);
  }
  const { code, out, err } = ended;
  const held = out.split('\n').slice(0, -1);
  const other = ids.findIndex((one, i) => held[i] !== one);
  if (code === 0 && other === -1) return ok(mounts.map((mount, i) => ({ ...mount, source: `${place}/${i}` })));
  await releaseMounts(holder, { run, id }, mounts);
  if (held[other] !== undefined) return lost(mounts[other]);
  return fail(
    'mounts',
    `the folder ${mounts[other]?.source} of 'mounts' cannot be mounted: ${err.trim().split('\n')[0] || `exit code ${code}`}`,
    null,
  );
}

/** Gives up the places that were held for an attempt; it is fine if there are none. */
export async function releaseMounts(holder: Holder, { run, id }: Pick<Attempt, 'run' | 'id'>, mounts: readonly HostMount[]): Promise<void> {
  if (run.owner !== null && mounts.length > 0) await besideTheEngine(holder, giveUp, [placeOf(holder.installation, id)]);
}

/** Gives up what is held for attempts that are not in `needed`: left by a daemon that was killed, for a run that is in no database any more. */
export async function sweepMounts(holder: Holder, needed: ReadonlySet<string>): Promise<void> {
  const own = `${holder.installation}.`;
  for (const name of await readdir(allPlaces).catch(() => [])) {
    if (name.startsWith(own) && !needed.has(name.slice(own.length))) await besideTheEngine(holder, giveUp, [join(allPlaces, name)]);
  }
}

/** How long the engine's side may take (ms): the server of a mounted folder may be gone. */
const patience = 30_000;

/** Runs a script of sh in the engine's mount namespace. */
async function besideTheEngine({ engine }: Holder, script: string, args: readonly string[]): Promise<GroupEnd> {
  await using beside = await engineProcess(engine.endpoint);
  const command = ['--mount=/proc/self/fd/3/ns/mnt', '--', '/bin/sh', '-c', script, 'sh', ...args];
  return await runGroup(['nsenter', command], { limitMs: patience, env: userEnv, folder: beside.fd });
}
