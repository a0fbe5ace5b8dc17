import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { expandHome } from '../../../shared/units.ts';
import type { HostMount } from '../../../shared/workflow/model.ts';
import type { Caller } from '../../users/caller.ts';
import { reach, type Reached } from '../../users/reach.ts';
import type { ControlParts } from '../parts.ts';

/**
 * A workflow's mounts with `~` and links resolved, if the caller may have them. Fails with `no_such_folder` for a source that does not exist, with
 * `not_allowed` for one whose real path is not below a root of the policy or the config (a link inside a root does not lead out of it), and on a shared
 * daemon with `no_access` for what the user could not reach without it.
 */
export async function allowMounts(
  parts: Pick<ControlParts, 'config' | 'policy'>,
  caller: Caller,
  mounts: readonly HostMount[],
): Promise<Result<HostMount[]>> {
  if (mounts.length === 0) return ok([]);
  const roots = rootsFor(parts, caller);
  const asked = mounts.map((mount) => ({ ...mount, source: expandHome(mount.source, caller.home) }));
  const reached = caller.shared ? await reach(caller, asked) : asked.map(({ source }) => lookUp(source));
  const realRoots = roots.filter((root) => existsSync(root)).map((root) => realpathSync(root));
  const checked: HostMount[] = [];
  for (const [i, mount] of asked.entries()) {
    const found = reached[i] ?? { problem: 'missing' };
    if ('problem' in found) return unreached(caller, mount, found.problem);
    const { real, id } = found;
    // docblock of hold-mounts.ts
    if (caller.shared && id === '')
      return fail('no_access', `${mount.source} of 'mounts' is neither a folder nor a file`, 'Mount the folder that it is in');
    if (!realRoots.some((root) => isBelow(root, real))) {
      return fail(
        'not_allowed',
        `The folder ${mount.source}${real === mount.source ? '' : ` (really ${real})`} of 'mounts' is not below an allowed root (${roots.join(', ')})`,
        caller.shared
          ? 'The administrator allows more, see: dstack policy'
          : parts.policy.of(caller.user).mountRoots === null
            ? `Allow it with 'mount_roots' in the config, see: dstack config`
            : `Allow it with 'mount_roots' in ${parts.policy.file() ?? 'policy.yaml'}`,
      );
    }
    checked.push({ ...mount, source: real });
  }
  return ok(checked);
}

/** The policy decides, else the config, in which the daemon's own home means the user's. */
function rootsFor({ config, policy }: Pick<ControlParts, 'config' | 'policy'>, caller: Caller): string[] {
  const own = homedir();
  const roots =
    policy.of(caller.user).mountRoots ?? config.mountRoots.map((root) => (isBelow(own, root) ? `~${root.slice(own.length)}` : root));
  return roots.map((root) => expandHome(root, caller.home));
}

const lookUp = (source: string): Reached => (existsSync(source) ? { real: realpathSync(source), id: '' } : { problem: 'missing' });

function unreached(caller: Caller, { source }: HostMount, problem: 'missing' | 'unreadable' | 'unwritable'): Result<never> {
  switch (problem) {
    case 'missing':
      return fail(
        'no_such_folder',
        `The folder ${source} of 'mounts' does not exist on this host${caller.shared ? ', or you may not see it' : ''}`,
        'Make it, or take it out of `mounts`',
      );
    case 'unreadable':
      return fail('no_access', `You may not read the folder ${source} of 'mounts'`, 'Ask its owner for access, or take it out of `mounts`');
    case 'unwritable':
      return fail('no_access', `You may not write in the folder ${source} of 'mounts'`, `Mount it read-only: ${source}:TARGET:ro`);
  }
}

const isBelow = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};
