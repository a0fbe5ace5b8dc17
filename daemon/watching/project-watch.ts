/**
 * Sees when the files of a project are others than before, and says so with a snapshot of them: that one decides, not time stamps. What the kernel tells is where to look.
 *
 *   events ─ (no more watches) ─→ polling        gone: the folder is away; looked for until it is back
 *
 * INVARIANT: a folder is watched before it is looked into, and the snapshot comes after that: nothing falls between.
 */
import { lstat } from 'node:fs/promises';
import { messageOf } from '../../shared/result.ts';
import { fileSystemOf } from '../hosts/filesystem.ts';
import type { Logger } from '../logger.ts';
import { type BytePath, bytePath } from '../snapshots/bytes.ts';
import type { Snapshot, SnapshotAgain, Snapshots } from '../snapshots/snapshots.ts';
import { createDebounce } from './debounce.ts';
import { isEditors } from './editors.ts';
import { type FolderWatch, type Trouble, watchFolders } from './folder-watch.ts';
import { foldersOf, walkFolders } from './folder-walk.ts';
import { lookAt } from './look-at.ts';
import { isGoingOn } from './going-on.ts';
import { watchRepository } from './repository-watch.ts';
import { sortOut } from './sort-out.ts';

export type Seen = Snapshot & Partial<Pick<SnapshotAgain, 'before' | 'changed'>>;

export interface ProjectWatchHooks {
  /** the files as they are; `seenAt` (ms since 1970): the first change was seen */
  onSnapshot(snapshot: Seen, seenAt: number): Promise<void>;
  onSees(sees: 'events' | 'polling'): void;
  /** folders whose changes are of no interest: what somebody writes there all the time must not cost a look each time */
  leftOut?(): readonly BytePath[];
  /** what is wrong, or to be known of how it watches; null: nothing (any more) */
  onNotice(text: string | null): void;
}

export interface ProjectWatch {
  /** resolves when everything is watched and was looked at once */
  ready: Promise<void>;
  /** folders that the kernel tells of */
  folders(): number;
  /** everything is to be found anew: others look on than before */
  anew(): void;
  end(): Promise<void>;
}

/** Between two looks, where the kernel tells nothing (ms); and so many times what a look takes. */
const lookEvery = 2_000;
const lookShare = 5;
/** Whether a folder is back (ms). */
const backEvery = 1_000;
/** After looks at single files a whole one, when nobody works on them any more (ms). */
const quietAfter = 1_000;
/** When no snapshot could be taken (ms). */
const retryAfter = 10_000;
/** A watch takes about 3 kB of memory. */
const mostFolders = 20_000;
/** Changed paths that are looked at one by one. */
const mostPaths = 1_000;

export function watchProject(
  { dir, snapshots, logger }: { dir: string; snapshots: Snapshots; logger: Pick<Logger, 'info'> },
  hooks: ProjectWatchHooks,
): ProjectWatch {
  let mode: 'events' | 'polling' | 'gone' = 'events';
  let ended = false;
  let timer: NodeJS.Timeout | null = null;
  let folders: FolderWatch | null = null;
  let repository: { close(): void } | null = null;
  let notice: string | null = null;
  let dirty = new Set<BytePath>();
  /** all folders are to be found anew */
  let lost = true;
  let look = true;
  /** what the last snapshot did not look at may have changed unseen */
  let unsure = false;
  const ready = Promise.withResolvers<void>();
  let inode: number | null = null;
  let polled: string | null = null;
  let leftOut: readonly BytePath[] = [];
  /** files that no snapshot takes, as was found out: they may change as they like */
  const ignored = new Set<BytePath>();
  /** what a snapshot takes, when it was last made sure that all of it is watched */
  let covered: ReadonlySet<BytePath> | null = null;

  const say = (text: string | null): void => {
    if (text !== notice) hooks.onNotice((notice = text));
  };
  const after = (ms: number, act: () => void): void => {
    if (timer) clearTimeout(timer);
    timer = ended ? null : setTimeout(act, ms);
  };
  const wholeLook = (): void => {
    look = true;
    debounce.touch();
  };
  const within = (path: BytePath): boolean => leftOut.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const closeEyes = (): void => {
    folders?.close();
    folders = null;
    repository?.close();
    repository = null;
  };

  const debounce = createDebounce(
    async (seenAt) => {
      try {
        await act(seenAt);
      } catch (error) {
        lost = look = true;
        say(`the project's files could not be looked at: ${messageOf(error)}`);
        logger.info({ dir, error: messageOf(error) }, 'watching failed');
        after(lookEvery, debounce.touch);
      } finally {
        // a look at single files is followed by a whole one
        if (unsure && mode === 'events') after(quietAfter, wholeLook);
        ready.resolve();
      }
    },
    (waited) => mode === 'events' && !lost && isGoingOn(dir, snapshots.wanted(dir), look ? new Set() : dirty, waited),
  );

  const act = async (seenAt: number): Promise<void> => {
    if (ended) return;
    if (timer) clearTimeout(timer);
    // a network file system whose server is away holds up whoever asks: not this whole process
    const stat = await lstat(dir).catch(() => null);
    if (ended) return;
    if (!stat?.isDirectory()) return goAway();
    if (mode === 'gone' || (inode !== null && inode !== stat.ino)) comeBack();
    inode = stat.ino;
    const paths = dirty;
    dirty = new Set();
    if (mode === 'polling') return poll(seenAt);
    if (lost) return findAll(seenAt, folders === null);
    const { files, unknown, newFolders, rules, all } = sortOut({ dir, wanted: snapshots.wanted(dir), folders }, paths);
    if (rules) {
      ignored.clear();
      return findAll(seenAt, false);
    }
    const entered = newFolders.length > 0 && (await enter(newFolders));
    const whole = look || all || entered || unknown.length > 0;
    if (!whole && files.length === 0) return;
    look = false;
    const again = whole ? null : await snapshots.takeAgain(dir, files);
    if (again) {
      unsure = true;
      return deliver(again, seenAt);
    }
    await takeAll(seenAt);
    noteIgnored(unknown);
  };

  const takeAll = async (seenAt: number): Promise<void> => {
    unsure = false;
    const taken = await snapshots.take(dir);
    if (!taken.ok) {
      // single files are not looked at before this has been made good: the others would be missing
      look = true;
      after(retryAfter, debounce.touch);
      return say(taken.failure.message);
    }
    if (mode === 'events') say(null);
    if (cover()) return takeAll(seenAt);
    await deliver(taken.value, seenAt);
  };
  /** Watches what a snapshot takes from folders that were ignored until now (`git add -f`). True: there was such a folder. */
  const cover = (): boolean => {
    const wanted = snapshots.wanted(dir);
    if (!folders || !wanted || wanted === covered) return false;
    covered = wanted;
    for (const path of ignored) if (wanted.has(path)) ignored.delete(path);
    const watched = new Set(folders.all());
    let added = false;
    for (const folder of [...foldersOf(wanted)].toSorted((a, b) => a.length - b.length)) {
      const above = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
      if (watched.has(folder) || !watched.has(above) || !mayWatch(folder) || !folders?.add(folder)) continue;
      watched.add(folder);
      added = true;
    }
    return added;
  };
  const deliver = async (snapshot: Seen, seenAt: number): Promise<void> => {
    if (!ended) await hooks.onSnapshot(snapshot, seenAt);
  };
  const noteIgnored = (unknown: readonly BytePath[]): void => {
    const wanted = snapshots.wanted(dir);
    if (ignored.size > 10 * mostPaths) ignored.clear();
    // one that is gone again, or was written since, may have been missing for that alone
    for (const path of unknown)
      if (wanted && !wanted.has(path) && !dirty.has(path) && lookAt(`${bytePath(dir)}/${path}`)?.isFile()) ignored.add(path);
  };

  /** Watches these and what is below them, but for what no snapshot looks into; false: all of it is that. */
  const enter = async (some: readonly BytePath[]): Promise<boolean> => {
    let entered = false;
    await walkFolders(snapshots, dir, some, (folder) => {
      if (!mayWatch(folder)) return false;
      const added = folders?.add(folder) ?? false;
      entered ||= added;
      return added;
    });
    return entered;
  };
  const mayWatch = (folder: BytePath): boolean => {
    if (ended || mode !== 'events' || !folders || within(folder)) return false;
    if (folders.size() >= mostFolders) trouble('limit');
    return mode === 'events';
  };

  /** Everything anew: at the beginning, and when other folders may count from now on. */
  const findAll = async (seenAt: number, first: boolean): Promise<void> => {
    lost = look = false;
    leftOut = hooks.leftOut?.() ?? [];
    const fileSystem = first ? await fileSystemOf(dir) : null;
    if (fileSystem?.network) return beginPolling(`the project is on a network file system (${fileSystem.type})`);
    // what counts is known from a snapshot
    await takeAll(seenAt);
    folders ??= watchFolders(dir, { changed: onEvent, trouble });
    // there may be another one by now, or one at all
    const before = repository;
    repository = watchRepository(dir, { rules: onRules, index: onIndex });
    before?.close();
    covered = null;
    const found = new Set<BytePath>();
    await walkFolders(snapshots, dir, [''], (folder) => {
      if (!mayWatch(folder)) return false;
      found.add(folder);
      return folders?.add(folder) ?? false;
    });
    if (mode !== 'events' || ended) return;
    folders?.keepOnly(found);
    hooks.onSees('events');
    await takeAll(seenAt);
  };

  const onEvent = (folder: BytePath, name: BytePath | null): void => {
    if (ended || mode !== 'events') return;
    if (name === null || (folder === '' && name === '.git')) lost = true;
    else {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (ignored.has(path) || isEditors(path) || within(path)) return;
      if (dirty.size < mostPaths) dirty.add(path);
      // the kernel may have dropped some
      else lost = true;
    }
    debounce.touch();
  };
  const onIndex = (): void => {
    // what is ignored may be tracked from now on
    ignored.clear();
    unsure = true;
    if (!ended && mode === 'events') after(quietAfter, wholeLook);
  };
  const onRules = (): void => {
    ignored.clear();
    lost = true;
    debounce.touch();
  };

  const trouble = (what: Trouble, error?: Error): void => {
    if (mode !== 'events' || ended) return;
    const why =
      what === 'limit'
        ? 'the project has more folders than may be watched here (see fs.inotify.max_user_watches)'
        : `the kernel tells of no changes here (${error?.message ?? ''})`;
    beginPolling(why);
  };
  const beginPolling = (why: string): void => {
    mode = 'polling';
    closeEyes();
    polled = `${why}: its files are looked at every ${lookEvery / 1000} seconds`;
    say(polled);
    hooks.onSees('polling');
    logger.info({ dir, why }, 'polling');
    after(0, debounce.touch);
  };
  const poll = async (seenAt: number): Promise<void> => {
    const began = performance.now();
    const taken = await snapshots.take(dir);
    say(taken.ok ? polled : taken.failure.message);
    if (taken.ok) await deliver(taken.value, seenAt);
    after(Math.max(lookEvery, lookShare * (performance.now() - began)), debounce.touch);
  };

  const goAway = (): void => {
    closeEyes();
    mode = 'gone';
    inode = null;
    say(`the folder ${dir} is gone: waiting until it is back`);
    after(backEvery, debounce.touch);
  };
  const comeBack = (): void => {
    closeEyes();
    ignored.clear();
    mode = 'events';
    lost = true;
    say(null);
  };

  debounce.touch();
  return {
    ready: ready.promise,
    folders: () => folders?.size() ?? 0,
    anew: () => onRules(),
    async end() {
      ended = true;
      if (timer) clearTimeout(timer);
      debounce.end();
      closeEyes();
      await debounce.settled();
      // what was under way may have opened them again
      closeEyes();
    },
  };
}
