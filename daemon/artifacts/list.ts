import type { ArtifactFile } from '../../shared/api.ts';
import { walk } from './walk.ts';

/** Every file and link below `root`, sorted by path. Sockets, pipes and devices are not files to keep. */
export async function listFolder(root: string, artifact: string): Promise<ArtifactFile[]> {
  const files: ArtifactFile[] = [];
  for await (const { name, stat } of walk(root)) {
    if (stat.isFile() || stat.isSymbolicLink()) files.push({ artifact, file: name.toString(), size: stat.size });
  }
  return files.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}
