/**
 * Sees to it that each watch of the daemon's own user is told of changes: one pair of eyes per project, for as long as a run of it watches. What it knows can be lost at any instant: at the
 * next start it looks what the files are now.
 */
import { realpath } from 'node:fs/promises';
import type { BytePath } from '../snapshots/bytes.ts';
import type { RunRecord } from '../store/records.ts';
import { isEnded } from '../../shared/states.ts';
import { messageOf } from '../../shared/result.ts';
import { runState } from '../control/run-status.ts';
import type { Caller } from '../users/caller.ts';
import { changed, type Change, type ChangedParts, type Consequence } from './changed.ts';
import { writtenByRun } from './counted.ts';
import { keptFor } from './kept-trees.ts';
import { watchProject, type ProjectWatch, type Seen } from './project-watch.ts';

interface Eyes {
  watch: ProjectWatch;
  runs: Set<number>;
  sees: 'events' | 'polling' | null;
  notice: string | null;
}

/** A client that says nothing for longer has gone (ms). */
const clientSilent = 45_000;
/** Snapshots that pile up before those that no attempt needs are dropped, when nobody has edited for so long (ms). */
const tidyEvery = 50;
const tidyAfter = 3_000;

export function createWatching(all: ChangedParts, caller: Caller) {
  const { parts, control, notices } = all;
  const eyes = new Map<string, Eyes>();
  /** changes of one run are looked at one after the other */
  const turns = new Map<number, Promise<unknown>>();
  /** of each run, how many there were since its snapshots were tidied, and what waits to do that */
  const attempts = new Map<number, { count: number; timer: NodeJS.Timeout | null }>();

  const clients = new Map<number, NodeJS.Timeout>();
  const left = (runId: number): void => {
    clearTimeout(clients.get(runId));
    clients.delete(runId);
    control.watchSees(runId, 'nobody');
  };

  const isOver = (runId: number): boolean => {
    const run = parts.store.runs.byId(runId);
    return !run || run.intent !== null || isEnded(runState(parts.store.jobs.ofRun(runId)).status);
  };

  const whenOver = (runId: number, act: () => void): void => {
    const unsubscribe = control.changes.subscribe(runId, () => {
      if (!isOver(runId)) return;
      unsubscribe();
      act();
    });
  };

  const consider = (change: Omit<Change, 'run'> & { runId: number }): Promise<Consequence> => {
    const { runId } = change;
    const mine = (turns.get(runId) ?? Promise.resolve()).then(async (): Promise<Consequence> => {
      const run = parts.store.runs.byId(runId);
      if (!run || isOver(runId)) return { attempt: null };
      const consequence = await changed(all, { ...change, run });
      if ('attempt' in consequence && consequence.attempt !== null) noteAttempt(run);
      return consequence;
    });
    const settled = mine.catch(() => undefined);
    turns.set(runId, settled);
    void settled.then(() => turns.get(runId) === settled && turns.delete(runId));
    return mine;
  };

  const noteAttempt = (run: RunRecord): void => {
    let mine = attempts.get(run.id);
    if (!mine) {
      attempts.set(run.id, (mine = { count: 0, timer: null }));
      whenOver(run.id, () => {
        tidyUp(run);
        attempts.delete(run.id);
        clearTimeout(clients.get(run.id));
        clients.delete(run.id);
      });
    }
    mine.count++;
    if (mine.timer) clearTimeout(mine.timer);
    // what was needed for it is not needed while nobody edits
    parts.idle();
    if (mine.count >= 4 * tidyEvery) tidyUp(run);
    else if (mine.count >= tidyEvery) mine.timer = setTimeout(() => tidyUp(run), tidyAfter).unref();
  };
  const tidyUp = (run: RunRecord): void => {
    const mine = attempts.get(run.id);
    if (!mine || parts.signal.aborted) return;
    mine.count = 0;
    if (mine.timer) clearTimeout(mine.timer);
    void parts.gate
      .alone(() => keptFor(parts, run))
      .catch((error: unknown) => parts.logger.info({ run: run.name, error: messageOf(error) }, 'tidying snapshots failed'));
  };

  const open = (dir: string): Eyes => {
    const runs = new Set<number>();
    const tell = (act: (runId: number) => void): void => runs.forEach(act);
    const one: Eyes = {
      runs,
      sees: null,
      notice: null,
      watch: watchProject(
        { dir, snapshots: parts.snapshots, logger: parts.logger },
        {
          onSnapshot: async (snapshot: Seen, seenAt) => {
            const asked = [...runs].map((runId) => consider({ runId, caller, snapshot, seenAt, asked: false }));
            const done = await Promise.allSettled(asked);
            const rejected = done.filter((each) => each.status === 'rejected');
            for (const { reason } of rejected) parts.logger.error({ dir, error: messageOf(reason) }, 'a change could not be looked at');
            // it is looked at again: a change is not lost
            if (rejected[0]) throw rejected[0].reason;
          },
          onSees: (sees) => tell((runId) => control.watchSees(runId, (one.sees = sees))),
          leftOut: () => leftOut(runs),
          onNotice: (text) => tell((runId) => notices.watching(runId, (one.notice = text))),
        },
      ),
    };
    return one;
  };

  /** Folders that every run that watches the project writes into itself. */
  const leftOut = (runs: ReadonlySet<number>): BytePath[] => {
    const [first = [], ...others] = [...runs].flatMap((runId) => {
      const run = parts.store.runs.byId(runId);
      return run ? [writtenByRun(run.projectDir, run.spec)] : [];
    });
    return first.filter((path) => others.every((paths) => paths.includes(path)));
  };

  const begin = async (run: RunRecord): Promise<void> => {
    if (!run.spec.watch || run.spec.watch.byClient) return;
    const dir = await realpath(run.projectDir).catch(() => run.projectDir);
    if (parts.signal.aborted || isOver(run.id)) return;
    let mine = eyes.get(dir);
    if (mine?.runs.has(run.id)) return;
    if (mine) mine.watch.anew();
    else eyes.set(dir, (mine = open(dir)));
    mine.runs.add(run.id);
    if (mine.sees) control.watchSees(run.id, mine.sees);
    notices.watching(run.id, mine.notice);
    whenOver(run.id, () => end(dir, run.id));
  };

  const end = (dir: string, runId: number): void => {
    const mine = eyes.get(dir);
    mine?.runs.delete(runId);
    notices.forget(runId);
    if (!mine || mine.runs.size > 0) return;
    eyes.delete(dir);
    void mine.watch.end();
  };

  return {
    /** from now on its project is watched, until it ends */
    begin,
    /** what somebody asked for, or a client saw */
    consider,
    /** a client watches in our place; it says so again and again */
    clientSaw(runId: number) {
      control.watchSees(runId, 'client');
      clearTimeout(clients.get(runId));
      clients.set(
        runId,
        setTimeout(() => left(runId), clientSilent),
      );
    },
    clientLeft: left,
    /** resolves when all of the project is watched; for tests */
    ready: (dir: string) => eyes.get(dir)?.watch.ready,
    async finished() {
      for (const timer of clients.values()) clearTimeout(timer);
      await Promise.all([...eyes.values()].map(({ watch }) => watch.end()));
      await Promise.allSettled(turns.values());
    },
  };
}

export type Watching = ReturnType<typeof createWatching>;
