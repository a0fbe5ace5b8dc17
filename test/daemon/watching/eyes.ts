import { onTestFinished } from 'vitest';
import { watchProject, type ProjectWatch, type Seen } from '../../../daemon/watching/project-watch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { snapshotsIn, tempDir } from '../snapshots/lab.ts';

/** A project watched by the real thing, with all that it says. */
export async function eyesOn(dir: string, home: string = tempDir(), options: Parameters<typeof snapshotsIn>[1] = {}) {
  const snapshots = snapshotsIn(home, options);
  const seen: Seen[] = [];
  const sees: string[] = [];
  const notices: (string | null)[] = [];
  const watch: ProjectWatch = watchProject(
    { dir, snapshots, logger: { info: () => undefined } },
    {
      onSnapshot: async (snapshot) => void seen.push(snapshot),
      onSees: (how) => void sees.push(how),
      onNotice: (text) => void notices.push(text),
    },
  );
  // the watchers keep no process alive
  const alive = setInterval(() => undefined, 1000);
  onTestFinished(async () => {
    clearInterval(alive);
    await watch.end();
  });
  await watch.ready;
  const whole = snapshotsIn(tempDir());
  const now = (): string => seen.at(-1)?.tree ?? '';
  return {
    ...{ snapshots, seen, sees, notices, watch, now },
    /** trees one after the other, without those that are the same as the one before */
    trees: () => seen.map(({ tree }) => tree).filter((tree, i, all) => tree !== all[i - 1]),
    /** waits until the last snapshot is what the project is now, and gives it */
    async caughtUp(): Promise<string> {
      return waitFor(
        async () => {
          const taken = await whole.take(dir);
          return taken.ok && taken.value.tree === now() && now();
        },
        'the watch to have seen it all',
        { seconds: 20, every: 50 },
      );
    },
  };
}
