/** Watches the project DIR, as in a process whose user may have few watches; says what it sees, one JSON a line, until its stdin ends. */
import { watchProject } from '../../../daemon/watching/project-watch.ts';
import { createSnapshots } from '../../../daemon/snapshots/create-snapshots.ts';
import { join } from 'node:path';

const [dir = '', home = ''] = process.argv.slice(2);
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const snapshots = createSnapshots({
  ...{ dir: join(home, 's'), treesDir: join(home, 't'), workspacesDir: join(home, 'w') },
  ...{ warnBytes: () => 1e9, maxBytes: () => 1e9, deleteAsRoot: () => Promise.resolve() },
});
watchProject(
  { dir, snapshots, logger: { info: () => undefined } },
  { onSnapshot: async ({ tree }) => say({ tree }), onSees: (sees) => say({ sees }), onNotice: (notice) => say({ notice }) },
);
process.stdin.on('end', () => process.exit(0)).resume();
