import { mkdirSync, realpathSync } from 'node:fs';
import { collectObjects, collectTrees } from './collect.ts';
import { useOf } from './disk-use.ts';
import { createGate } from './mutex.ts';
import { receive, receivedTrees } from './receive.ts';
import { send } from './send.ts';
import { ignoredFolders } from './ignored-folders.ts';
import { matching } from './matching.ts';
import { keptTrees } from './shadow.ts';
import { takeAgain } from './take-again.ts';
import { tidy } from './tidy.ts';
import { type Place, type SnapshotOptions, createRooms, forget, realPath, shadowOf } from './room.ts';
import type { Snapshots } from './snapshots.ts';
import { take } from './take.ts';
import { removeWhole } from './parts.ts';
import { changedFiles, readContents } from './tree-files.ts';
import { idOf, isTreeId, materialize } from './trees.ts';
import { makeWorkspace, treesInUse, workspaceIds } from './workspace.ts';

/** Composes the snapshots of one installation. The directories are made where missing, closed to other users. */
export function createSnapshots(given: SnapshotOptions): Snapshots {
  const options = { ...given, dir: closed(given.dir), treesDir: closed(given.treesDir), workspacesDir: closed(given.workspacesDir) };
  const rooms = createRooms(options.dir);
  const gate = createGate();
  const waiting = new Map<string, ReturnType<Snapshots['take']>>();

  const real = (place: Place): Place => (typeof place === 'string' ? realPath(place) : place);
  const unpack = (place: Place, tree: string) => {
    const room = rooms.of(place);
    return room.writing(() => materialize(room, options, real(place), tree));
  };

  return {
    take(projectDir) {
      // one that has not begun will see what there is now: a hundred submits of the same moment share it
      const queued = waiting.get(projectDir);
      if (queued) return queued;
      const mine = gate.shared(() => {
        const room = rooms.of(projectDir);
        return room.taking(() => {
          waiting.delete(projectDir);
          return take(room, options, projectDir);
        });
      });
      waiting.set(projectDir, mine);
      // where it never began, the next one tries again
      mine.catch(() => waiting.get(projectDir) === mine && waiting.delete(projectDir));
      return mine;
    },
    doing: (projectDir) => rooms.of(projectDir).doing,
    takeAgain: (projectDir, paths) =>
      gate.shared(() => {
        const room = rooms.of(projectDir);
        return room.taking(() => takeAgain(room, options, projectDir, paths));
      }),
    wanted: (projectDir) => rooms.of(projectDir).wanted?.paths ?? null,
    ignoredFolders: (projectDir, folders) => gate.shared(() => ignoredFolders(rooms.of(projectDir), options, projectDir, folders)),
    changedPaths: async (place, from, to) =>
      (await gate.shared(() => changedFiles(rooms.of(place), real(place), from, to))).map(({ path }) => path),
    matching: (place, patterns, paths) => gate.shared(() => matching(shadowOf(rooms.of(place), real(place)), patterns, paths)),
    changedFiles: (place, from, to) => gate.shared(() => changedFiles(rooms.of(place), real(place), from, to)),
    readContents: (place, ids, most) => gate.shared(() => readContents(rooms.of(place), real(place), ids, most)),
    has: (place, tree) => isTreeId(tree) && keptTrees(rooms.of(place).shadowDir).includes(tree),
    tidy: (place, keep) =>
      gate.alone(async () => {
        const dropped = await tidy(rooms.of(place), real(place), new Set([...keep, ...treesInUse(options.workspacesDir)]));
        for (const tree of dropped) await removeWhole(options.treesDir, tree, options.deleteAsRoot);
        return dropped.length;
      }),
    received: async (place) => receivedTrees(rooms.of(place)),
    receive: (place, tree, pack) =>
      gate.shared(() => {
        const room = rooms.of(place);
        return room.taking(() => receive(room, options, place, tree, pack));
      }),
    send: (projectDir, tree, has, pack) => gate.shared(() => send(rooms.of(projectDir), realPath(projectDir), tree, has, pack)),
    materialize: (place, tree) => gate.shared(() => unpack(place, tree)),
    idOf: (place, tree, path) => gate.shared(() => idOf(rooms.of(place), real(place), tree, path)),
    prepareWorkspace: (place, tree, id, overlay) =>
      gate.shared(async () => {
        const lower = await unpack(place, tree);
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
