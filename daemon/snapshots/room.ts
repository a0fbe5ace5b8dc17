import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BytePath } from './bytes.ts';
import type { DstackIgnore } from './dstackignore.ts';
import { type ListingMemory, type Part, emptyMemory } from './listing.ts';
import type { Mirror } from './mirror.ts';
import { type Mutex, createMutex } from './mutex.ts';
import { type Shadow, hereOf, openShadow } from './shadow.ts';

/** What createSnapshots was given. */
export interface SnapshotOptions {
  /** `$DSTACK_HOME/snapshots`: the shadow repositories */
  dir: string;
  workspacesDir: string;
  treesDir: string;
  /** from here on a snapshot is warned about */
  warnBytes(): number;
  /** above this none is taken */
  maxBytes(): number;
  /** deletes what belongs to other users */
  deleteAsRoot(path: string): Promise<void>;
}

/** All that is known of one project's snapshots. */
export interface Room {
  id: string;
  shadowDir: string;
  /** one snapshot at a time */
  taking: Mutex;
  /** one tree at a time is written into its directory */
  writing: Mutex;
  shadow: Shadow | null;
  listing: ListingMemory;
  ignore: DstackIgnore | null;
  wanted: { parts: Part[]; ignore: DstackIgnore | null; paths: Set<BytePath> } | null;
  last: LastSnapshot | null;
  /** of the user's repository, at the last whole look */
  head: { commit: string | null; branch: string | null } | null;
  /** what takes time now, for people */
  doing: string | null;
}

/**
 * The last snapshot and how our index relates to it: an edit of a few files changes the mirror only, because writing an index costs more than the edit.
 * So the index may be behind by some files; these are read anew each time, whatever their times say.
 */
export interface LastSnapshot {
  mirror: Mirror;
  /** of our index, as this process left it */
  stamp: string | null;
  /** in the mirror, and differing or missing in the index */
  ahead: Set<BytePath>;
  /** in the index only */
  gone: Set<BytePath>;
  /** changed just before they were hashed, and given an old time: Git, which counts seconds, would miss another such change; with their ctimes (ms) */
  unsure: Map<BytePath, number>;
}

/**
 * Which project: its directory, by its real path; or one whose files are received from elsewhere, where the directory is only a name that `owner`
 * gave it.
 */
export type Place = string | Received;

export interface Received {
  owner: string;
  dir: string;
}

export interface Rooms {
  of(place: Place): Room;
  all(): Iterable<Room>;
}

export function createRooms(dir: string): Rooms {
  const rooms = new Map<string, Room>();
  const of = (place: Place): Room => {
    const id = projectId(place);
    const known = rooms.get(id);
    if (known) return known;
    const room: Room = {
      id,
      shadowDir: join(dir, id),
      taking: createMutex(),
      writing: createMutex(),
      shadow: null,
      listing: emptyMemory(),
      ignore: null,
      wanted: null,
      last: null,
      head: null,
      doing: null,
    };
    rooms.set(id, room);
    return room;
  };
  return { of, all: () => rooms.values() };
}

/** The open shadow repository of a room. */
export function shadowOf(room: Room, place: Place): Shadow {
  room.shadow ??= openShadow(room.shadowDir, typeof place === 'string' ? place : `${place.owner} ${place.dir}`);
  return room.shadow;
}

/** Forgets what is in memory; the disk has it all. */
export function forget(room: Room): void {
  if (room.shadow) for (const file of [room.shadow.index, hereOf(room.shadow)]) rmSync(file, { force: true });
  room.shadow = null;
  room.listing = emptyMemory();
  room.wanted = null;
  room.last = null;
  room.head = null;
}

/** Names a project's files on our side: paths there must hold nothing but ids. A project that is gone keeps the name of where it was. */
function projectId(place: Place): string {
  const name = typeof place === 'string' ? realPath(place) : `${place.owner}\0${place.dir}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 20);
}

/** Absolute, without symbolic links as far as it is there. */
export function realPath(projectDir: string): string {
  try {
    return realpathSync(projectDir);
  } catch {
    return resolve(projectDir);
  }
}
