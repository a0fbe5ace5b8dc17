import { type FSWatcher, existsSync, readFileSync, watch } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findRepository } from '../snapshots/repository.ts';

/** Watches what of the user's repository decides about a snapshot, beside the project's own files: its list of tracked files, and `info/exclude`. */
export function watchRepository(projectDir: string, hooks: { rules(): void; index(): void }): { close(): void } {
  const repository = findRepository(projectDir);
  const watchers: FSWatcher[] = [];
  const add = (dir: string, changed: (name: string | null) => void): void => {
    try {
      const watcher = watch(dir, { persistent: false }, (_, name) => changed(name));
      // its loss costs that a change of the rules is seen at the next change of a file
      watchers.push(watcher.on('error', () => watcher.close()));
    } catch {
      // not there, or no more watches: the same
    }
  };
  if (repository) {
    add(repository.gitDir, (name) => {
      if (name === 'index') hooks.index();
    });
    add(join(commonDir(repository.gitDir), 'info'), (name) => {
      if (name === 'exclude') hooks.rules();
    });
  }
  // rules of folders above the project count in it, too
  for (let above = projectDir; repository && above !== repository.top && dirname(above) !== above;) {
    above = dirname(above);
    add(above, (name) => {
      if (name === '.gitignore') hooks.rules();
    });
  }
  return { close: () => watchers.forEach((watcher) => watcher.close()) };
}

/** Of a worktree the repository that it belongs to (gitrepository-layout(5)). */
function commonDir(gitDir: string): string {
  const file = join(gitDir, 'commondir');
  return existsSync(file) ? resolve(gitDir, readFileSync(file, 'utf8').trim()) : gitDir;
}
