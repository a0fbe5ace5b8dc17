import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { fail, ok, type Result } from '../../shared/result.ts';
import { expandHome } from '../../shared/units.ts';
import type { HostMount } from '../../shared/workflow/model.ts';

/**
 * A workflow's mounts with `~` and links resolved. Fails with `no_such_folder` for a source that does not exist, and with `not_allowed` for one
 * whose real path is not below a root of the config: a link inside a root does not lead out of it.
 */
export function checkMounts(mounts: readonly HostMount[], roots: readonly string[]): Result<HostMount[]> {
  const realRoots = roots
    .map((root) => expandHome(root, homedir()))
    .filter((root) => existsSync(root))
    .map((root) => realpathSync(root));
  const checked: HostMount[] = [];
  for (const mount of mounts) {
    const source = expandHome(mount.source, homedir());
    if (!existsSync(source)) return fail('no_such_folder', `The folder ${source} of 'mounts' does not exist on this host`);
    const real = realpathSync(source);
    if (!realRoots.some((root) => isBelow(root, real))) {
      return fail(
        'not_allowed',
        `The folder ${source}${real === source ? '' : ` (really ${real})`} of 'mounts' is not below an allowed root (${roots.join(', ')})`,
        `Allow it with 'mount_roots' in the config, see: dstack config`,
      );
    }
    checked.push({ ...mount, source: real });
  }
  return ok(checked);
}

const isBelow = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};
