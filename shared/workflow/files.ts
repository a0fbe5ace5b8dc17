import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../result.ts';

/** A file as it was read; `unreadable` says why it was not. */
export type WorkflowFile = { path: string; text: string } | { path: string; unreadable: string };

/** Beyond it a file is no workflow file. */
const mostBytes = 1_000_000;
/** Beyond it the folder is none of workflow files. */
const mostFiles = 1000;

/** A project's workflow files, in the order in which they are read. */
export async function readWorkflowFiles(projectDir: string): Promise<WorkflowFile[]> {
  const folder = join(projectDir, '.dstack', 'workflows');
  const names = await readdir(folder).catch(() => []);
  const inFolder = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted();
  if (inFolder.length > mostFiles)
    return [{ path: folder, unreadable: `the folder has ${inFolder.length} workflow files, more than ${mostFiles}` }];
  const files = await Promise.all([`${folder}.yaml`, ...inFolder.map((name) => join(folder, name))].map(readWorkflowFile));
  return files.filter((file) => file !== null);
}

/** One file, for `dstack check PATH`; null: it does not exist. */
export async function readWorkflowFile(path: string): Promise<WorkflowFile | null> {
  try {
    // before it is read: it may be somebody else's, and of any size
    const { size } = await stat(path);
    if (size > mostBytes) return { path, unreadable: `the file has ${size} bytes; a workflow file has at most ${mostBytes}` };
    const bytes = await readFile(path);
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const encoding = error instanceof TypeError;
    return {
      path,
      unreadable: encoding ? 'the file is not UTF-8 text' : `the file cannot be read: ${messageOf(error).replace(/, .*$/, '')}`,
    };
  }
}
