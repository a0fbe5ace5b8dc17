import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scratchDir } from './scratch.ts';

/** Makes a project directory with these files (path → content; folders as needed) and returns its absolute path. Deleted with the run. */
export async function project(files: Record<string, string | Uint8Array>): Promise<string> {
  const dir = scratchDir('p');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

/** A project with these workflows: the lines below `workflows:`, not indented. */
export const projectWith = (workflows: string, files: Record<string, string | Uint8Array> = {}): Promise<string> =>
  project({ ...files, '.dstack/workflows.yaml': `workflows:\n${workflows.replaceAll(/^(?=.)/gm, '  ')}\n` });
