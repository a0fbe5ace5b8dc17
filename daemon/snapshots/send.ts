import { closeSync, openSync } from 'node:fs';
import { type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { git } from './git.ts';
import { type Room, shadowOf } from './room.ts';
import { keptTrees, shadowEnv } from './shadow.ts';

/** See Snapshots.send. */
export async function send(room: Room, projectDir: string, tree: string, has: string[], pack: string): Promise<Result<void>> {
  const file = openSync(pack, 'w', 0o600);
  try {
    const shadow = shadowOf(room, projectDir);
    // what we have not ourselves says nothing about what is missing there
    const known = keptTrees(shadow.dir).filter((kept) => kept !== tree && has.includes(kept));
    const input = Buffer.from([tree, ...known.map((id) => `^${id}`)].join('\n') + '\n');
    await git(['pack-objects', '--revs', '--stdout', '-q'], { cwd: shadow.dir, env: shadowEnv(shadow, shadow.dir), input, stdout: file });
    return ok(undefined);
  } catch (error) {
    return fail('git', `Cannot pack the snapshot: ${messageOf(error)}`, 'Look with: dstack doctor');
  } finally {
    closeSync(file);
  }
}
