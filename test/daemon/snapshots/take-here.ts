/** A process that takes a snapshot and prints what came of it: `node take-here.ts HOME PROJECT [TIMES]`. */
import { join } from 'node:path';
import { createSnapshots } from '../../../daemon/snapshots/create-snapshots.ts';

const [home = '', project = '', times = '1'] = process.argv.slice(2);
const snapshots = createSnapshots({
  ...{ dir: join(home, 'snapshots'), treesDir: join(home, 'trees'), workspacesDir: join(home, 'workspaces') },
  ...{ warnBytes: () => 200e6, maxBytes: () => 1e9, deleteAsRoot: () => Promise.resolve() },
});
for (let i = 0; i < Number(times); i++) {
  const result = await snapshots.take(project);
  if (!result.ok) throw new Error(result.failure.message);
  const tree = await snapshots.materialize(project, result.value.tree);
  if (!tree.ok) throw new Error(tree.failure.message);
  process.stdout.write(`${JSON.stringify(result.value)}\n`);
}
