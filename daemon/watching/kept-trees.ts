import { keptTrees } from '../control/garbage.ts';
import type { ControlParts } from '../control/parts.ts';
import type { RunRecord } from '../store/records.ts';
import { snapshotPlace } from '../users/namespace.ts';

/** Drops the snapshots of a watch's project that no attempt and no run needs any more. Returns how many. */
export const keptFor = (parts: ControlParts, run: RunRecord): Promise<number> => parts.snapshots.tidy(snapshotPlace(run), keptTrees(parts));
