/** Where the daemon does not look into the project itself (it is on another machine, or all users'), whoever is attached from the project watches its files. */
import type { Run } from '../../shared/api.ts';
import type { Result } from '../../shared/result.ts';
import type { Cli } from '../context.ts';

export interface FileWatch {
  /** the next attempt, with the files as they are now */
  rerun(): Promise<Result<unknown>>;
  end(): Promise<void>;
}

/** Watches them until `end`, if this is the project's folder. Null: it is not, and the files are somebody else's to watch. */
export function watchFiles(cli: Cli, name: string, _run: Run, _say: (sentence: string) => void): FileWatch | null {
  if (!cli.project().ok) return null;
  const projectDir = cli.projectOrHere();
  return {
    async rerun() {
      const { sendSnapshot } = await import('../send-snapshot.ts');
      const { warnings: _, ...snapshot } = await sendSnapshot(cli, projectDir);
      const changed = await cli.client.call('rerun', { name, projectDir, snapshot });
      return !changed.ok || changed.value.attempt !== null ? changed : cli.client.call('rerun', { name, projectDir });
    },
    end: async () => {},
  };
}
