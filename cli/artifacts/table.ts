import type { ArtifactFile } from '../../shared/api.ts';
import { formatSize } from '../../shared/units.ts';
import type { Output } from '../terminal/output.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';

/** Files as lines; the artifact's name stands on the first of its rows. */
export function artifactTable(files: ArtifactFile[], out: Output): string[] {
  const first = new Set(files.filter((file, i) => files[i - 1]?.artifact !== file.artifact));
  return table<ArtifactFile>({
    rows: files,
    width: out.columns(),
    titleStyle: (title) => out.style('bold', title),
    columns: [
      { title: 'ARTIFACT', value: (file) => (first.has(file) ? oneLine(file.artifact) : ''), least: 12 },
      { title: 'FILE', value: (file) => oneLine(file.file), least: 20 },
      { title: 'SIZE', value: (file) => formatSize(file.size), align: 'right' },
    ],
  });
}
