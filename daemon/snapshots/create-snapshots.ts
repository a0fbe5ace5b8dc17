import { mkdirSync, realpathSync } from 'node:fs';
import { collectObjects, collectTrees } from './collect.ts';
import { useOf } from './disk-use.ts';
import { createGate } from './mutex.ts';
import { type SnapshotOptions, createRooms, forget, realPath } from './room.ts';
import type { Snapshots } from './snapshots.ts';
import { take } from './take.ts';
import { removeWhole } from './parts.ts';
import { materialize } from './trees.ts';
import { makeWorkspace, treesInUse, workspaceIds } from './workspace.ts';

/** Composes the snapshots of one installation. The directories are made where missing, closed to other users. */
export function createSnapshots(given: SnapshotOptions): Snapshots {
  const options = { ...given, dir: closed(given.dir), treesDir: closed(given.treesDir), workspacesDir: closed(given.workspacesDir) };
  const rooms = createRooms(options.dir);
  const gate = createGate();

  const unpack = (projectDir: string, tree: string) => {
    const room = rooms.of(projectDir);
    return room.writing(() => materialize(room, options, realPath(projectDir), tree));
  };

  return {
    take: (projectDir) =>
      gate.shared(() => {
        const room = rooms.of(projectDir);
        return room.taking(() => take(room, options, projectDir));
      }),
    materialize: (projectDir, tree) => gate.shared(() => unpack(projectDir, tree)),
    prepareWorkspace: (projectDir, tree, id, overlay) =>
      gate.shared(async () => {
        const lower = await unpack(projectDir, tree);
        return lower.ok ? makeWorkspace(options.workspacesDir, lower.value, tree, id, overlay) : lower;
      }),
    discardWorkspace: (id) => removeWhole(options.workspacesDir, id, options.deleteAsRoot),
    workspaces: () => Promise.resolve(workspaceIds(options.workspacesDir)),
    gc: (keep, dryRun) =>
      gate.alone(async () => {
        const all = new Set([...keep, ...treesInUse(options.workspacesDir)]);
        // what is remembered may be about to go
        if (!dryRun) for (const room of rooms.all()) forget(room);
        return { trees: await collectTrees(options, all, dryRun), objects: await collectObjects(options, all, dryRun) };
      }),
    use: () => gate.shared(() => useOf(options)),
  };
}

function closed(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return realpathSync(dir);
}
