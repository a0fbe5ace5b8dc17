import { setTimeout as pause } from 'node:timers/promises';
import type { SentSnapshot } from '../../shared/api.ts';
import { FailureError, type Failure, type Result, unwrap } from '../../shared/result.ts';
import { createMutex } from '../snapshots/mutex.ts';
import { watchProject } from '../watching/project-watch.ts';
import { askForRerun } from './ask.ts';
import { knownThere, openCache, sendTree, type UploadOptions } from './upload.ts';

/** How often the daemon is told that somebody watches (ms); it believes that for a while. */
const usualSayEvery = 15_000;
/** Before a daemon that went away is asked again (ms). */
const tryAgain = 2_000;
/** Snapshots that are kept here, and how many changes are waited for before the others go. */
const kept = 10;
const tidyEvery = 40;

interface UploadWatch {
  /** another attempt, with the files as they are */
  rerun(): Promise<{ attempt: number | null } | { failure: Failure }>;
  /** resolves when the run is over, or the signal came */
  ended: Promise<void>;
}

/** Watches and sends until the run is over or `signal` comes. Throws a FailureError where it cannot begin. */
export async function watchUpload(
  options: UploadOptions & { run: string },
  { signal, problem, sayEvery = usualSayEvery }: { signal: AbortSignal; problem(text: string | null): void; sayEvery?: number },
): Promise<UploadWatch> {
  const { socket, project, dir, run } = options;
  const known = unwrap(await knownThere(options));
  const { snapshots, folder } = openCache(options, known);
  const asking = { name: run, projectDir: dir, project };
  /** trees that are there, the newest first */
  let there = known.trees;
  let last: SentSnapshot | null = null;
  let changes = 0;
  let isOurs = true;
  const over = Promise.withResolvers<void>();
  const oneAtATime = createMutex();

  /** whether the last of them could be sent */
  let arrives = true;
  const send = async (snapshot: SentSnapshot, more: { seenAt?: string; asked?: boolean }): Promise<Result<{ attempt: number | null }>> => {
    // one that cannot be sent now is sent with the next word
    last = snapshot;
    const sent = await sendTree(options, snapshots, folder, snapshot.tree, there);
    arrives = sent.ok;
    if (!sent.ok) return sent;
    there = [snapshot.tree, ...there.filter((tree) => tree !== snapshot.tree)].slice(0, 20);
    const answer = await askForRerun(socket, { ...asking, snapshot, ...more });
    // they were collected there
    if (!answer.ok && answer.failure.code === 'snapshot_needed') there = [];
    if (++changes % tidyEvery === 0) await snapshots.tidy(dir, new Set(there.slice(0, kept)));
    return answer;
  };

  const untilSent = async (snapshot: SentSnapshot, seenAt: number): Promise<void> => {
    for (let tries = 1; !signal.aborted; tries++) {
      const answer = await send(snapshot, { seenAt: new Date(seenAt).toISOString() });
      if (answer.ok) return problem(null);
      const { code, message } = answer.failure;
      if (code === 'other_folder') {
        problem(message);
        isOurs = false;
        return over.resolve();
      }
      if (code === 'finished' || code === 'no_such_run' || code === 'no_watch') return over.resolve();
      // what is wrong with the workflow is the watch's own notice
      if (code !== 'daemon_gone' && code !== 'snapshot_needed') return arrives ? undefined : problem(message);
      if (tries > 1) problem(message);
      await pause(tryAgain, undefined, { signal }).catch(() => undefined);
    }
  };

  const watch = watchProject(
    { dir, snapshots, logger: { info: () => undefined } },
    {
      onSnapshot: ({ tree, commit, branch, dirty }, seenAt) => oneAtATime(() => untilSent({ tree, commit, branch, dirty }, seenAt)),
      onSees: () => undefined,
      onNotice: problem,
    },
  );
  const saying = setInterval(() => {
    // in its turn: the one of now may be an old one by then
    void oneAtATime(async () => last && untilSent(last, Date.now()));
  }, sayEvery);
  signal.addEventListener('abort', () => over.resolve(), { once: true });

  return {
    rerun: () =>
      oneAtATime(async () => {
        const taken = await snapshots.take(dir);
        if (!taken.ok) return taken;
        const { tree, commit, branch, dirty } = taken.value;
        const answer = await send({ tree, commit, branch, dirty }, { asked: true });
        return answer.ok ? answer.value : answer;
      }).catch((error: unknown) => ({
        failure:
          error instanceof FailureError ? error.failure : { code: 'upload', message: String(error), hint: 'Look with: dstack doctor' },
      })),
    ended: over.promise.then(async () => {
      clearInterval(saying);
      await watch.end();
      if (isOurs) await askForRerun(socket, { ...asking, leaving: true });
    }),
  };
}
