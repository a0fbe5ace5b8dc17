import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The nearest directory, from `from` upwards, that holds `.dstack/workflows.yaml` or `.dstack/workflows/`; null: none. */
export function findProject(from: string): string | null {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    if (existsSync(join(dir, '.dstack', 'workflows.yaml')) || existsSync(join(dir, '.dstack', 'workflows'))) return dir;
    if (dirname(dir) === dir) return null;
  }
}

/** Where `dstack init --name` keeps a project's name. */
export const projectNameFile = (projectDir: string): string => join(projectDir, '.dstack', 'name');

/** The project's name: what `dstack init --name` wrote, else `owner/repo` of the Git remote, else the directory's name. */
export function projectName(projectDir: string): string {
  try {
    const named = readFileSync(projectNameFile(projectDir), 'utf8').trim();
    if (named) return named;
  } catch {
    // not named
  }
  return remoteName(projectDir) ?? basename(resolve(projectDir));
}

/** `owner/repo` of the remote `origin` (else the first) of the repository around `dir`; null: none. Reads the config file itself: a Git process would cost each command 5 ms. */
function remoteName(dir: string): string | null {
  const config = gitConfigFile(dir);
  if (!config) return null;
  const remotes = new Map<string, string>();
  let section = '';
  for (const line of readFileSync(config, 'utf8').split('\n')) {
    const header = /^\s*\[remote "(.+)"\]/.exec(line);
    if (header) section = header[1] ?? '';
    else if (/^\s*\[/.test(line)) section = '';
    const url = /^\s*url\s*=\s*(.+?)\s*$/.exec(line)?.[1];
    if (section && url && !remotes.has(section)) remotes.set(section, url);
  }
  const url = remotes.get('origin') ?? [...remotes.values()][0];
  return url === undefined ? null : ownerAndRepo(url);
}

/** `owner/repo` of a remote's URL in any of Git's forms (https, ssh, scp-like, file); null where there are not two parts. */
export function ownerAndRepo(url: string): string | null {
  const path = url.replace(/^[a-z+]+:\/\/[^/]*\//i, '').replace(/^[^/:]+:/, '');
  const parts = path
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter(Boolean);
  const [owner, repo] = parts.slice(-2);
  return owner && repo ? `${owner}/${repo}` : null;
}

function gitConfigFile(from: string): string | null {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    const git = join(dir, '.git');
    if (existsSync(join(git, 'config'))) return join(git, 'config');
    // a worktree or submodule: a file that says where the repository is
    const pointer = existsSync(git) ? /^gitdir: (.+)$/m.exec(readFileSync(git, 'utf8'))?.[1] : undefined;
    if (pointer) {
      const real = resolve(dir, pointer);
      const common = join(real, 'commondir');
      const base = existsSync(common) ? resolve(real, readFileSync(common, 'utf8').trim()) : real;
      return existsSync(join(base, 'config')) ? join(base, 'config') : null;
    }
    if (dirname(dir) === dir) return null;
  }
}
