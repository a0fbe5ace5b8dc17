/** What a run needs of the machine itself. Pure: facts in, a check out. */
import type { Check } from '../../shared/api.ts';
import { formatSize } from '../../shared/units.ts';
import type { FileSystem } from '../hosts/filesystem.ts';
import { atLeast, fine, problem, warning } from './check.ts';

export function checkNode(version: string): Check {
  if (atLeast(version, 22, 18)) return fine('node', `Node ${version}`);
  return problem('node', `Node ${version} is too old: 22.18 or newer is needed.`, 'sudo npm install -g n && sudo n 24');
}

/** `mode` null: there is no such folder. */
export function checkHome(home: string, mode: number | null, writable: boolean, fileSystem: FileSystem): Check {
  const name = 'home';
  if (mode === null) return problem(name, `${home} does not exist.`, `mkdir -m 700 -p ${quoted(home)}`);
  if (!writable)
    return problem(name, `${home} cannot be written to.`, `sudo chown -R "$USER" ${quoted(home)} && chmod 700 ${quoted(home)}`);
  if (fileSystem.network) {
    const message = `${home} is on a network file system (${fileSystem.type}); state must lie on a local disk.`;
    return problem(name, message, 'export DSTACK_HOME=/var/tmp/dstack-$USER  # or another folder on a local disk; put it into ~/.profile');
  }
  if ((mode & 0o077) !== 0) return warning(name, `${home} is open to other users of this machine.`, `chmod 700 ${quoted(home)}`);
  return fine(name, `${home} (${fileSystem.type})`);
}

/** Below this, images and environments soon fill the disk. */
const comfortable = 5e9;

export function checkDisk(free: { path: string; bytes: number }[], minFree: number): Check {
  const least = free.toSorted((a, b) => a.bytes - b.bytes)[0];
  if (!least) return warning('disk', 'The free space of the disk cannot be read.', 'df -h');
  const said = `${formatSize(least.bytes)} free at ${least.path}`;
  const fix = 'dstack gc && docker system prune';
  if (least.bytes < minFree) return problem('disk', `${said}: below ${formatSize(minFree)} (min_free_disk) runs wait.`, fix);
  if (least.bytes < comfortable) return warning('disk', `${said}: images alone can take more.`, fix);
  return fine('disk', said);
}

/** `version`: what `git --version` says; null: there is no git. */
export function checkGit(version: string | null): Check {
  if (version === null) return problem('git', 'Git is not installed.', 'sudo apt-get install -y git');
  const said = version.trim().replace(/^git version /, '');
  if (atLeast(version, 2, 31)) return fine('git', `Git ${said}`);
  const fix = 'sudo add-apt-repository -y ppa:git-core/ppa && sudo apt-get install -y git  # Debian: a newer release, or its backports';
  return problem('git', `Git ${said} is too old: 2.31 or newer is needed.`, fix);
}

const quoted = (path: string): string => (/^[\w/.-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
