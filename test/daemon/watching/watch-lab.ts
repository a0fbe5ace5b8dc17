import { join } from 'node:path';
import type { RunDetail } from '../../../shared/api.ts';
import { unwrap } from '../../../shared/result.ts';
import type { RerunRecord } from '../../../daemon/store/records.ts';
import { openStore } from '../../../daemon/store/store.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Begins a watch in the background, with its first attempt under way, and watches it from here. */
export async function beginWatch(daemon: TestDaemon, dir: string, args: string[]) {
  const { code, stdout, stderr } = await daemon.cli(['run', ...args, '-d'], { cwd: dir });
  if (code !== 0) throw new Error(`dstack run ${args.join(' ')}: ${stderr}`);
  const name = stdout.trim();
  const detail = (): Promise<RunDetail> => daemon.json<RunDetail>(['ps', name], { cwd: dir });
  const watch = {
    name,
    detail,
    said: stderr,
    /** its attempts, as they were asked for */
    reruns: () => rerunsOf(daemon.home, name),
    /** waits for the attempt that was asked for as number N, and gives it */
    rerun: (number: number): Promise<RerunRecord> =>
      waitFor(() => watch.reruns().find((one) => one.number === number), `attempt ${number} of ${name} to be asked for`),
    /** waits for it to run: until then a further change only changes what it is */
    begun: (number: number): Promise<RerunRecord> =>
      waitFor(() => watch.reruns().find((one) => one.number === number && one.startedAt !== null), `attempt ${number} of ${name} to begin`),
    /** waits for what an attempt prints, in full */
    printed: (attempt: number, text: string): Promise<string> =>
      waitFor(
        async () => {
          const log = await daemon.cli(['logs', name, '--attempt', String(attempt)], { cwd: dir });
          return log.stdout.includes(text) && log.stdout;
        },
        `attempt ${attempt} of ${name} to print ${text}`,
        { every: 100 },
      ),
    notice: (wanted: (text: string | null) => boolean, what: string): Promise<RunDetail> =>
      waitFor(
        async () => {
          const run = await detail();
          return run.watch && wanted(run.watch.notice) && run;
        },
        what,
        { every: 100 },
      ),
    stop: () => daemon.cli(['stop', name], { cwd: dir }),
  };
  // a change before that only changes what the first one is
  await watch.begun(1);
  return watch;
}

/** Read beside the daemon, as SQLite allows. */
export function rerunsOf(home: string, name: string): RerunRecord[] {
  const store = unwrap(openStore(join(home, 'store/dstack.db')));
  try {
    const run = store.runs.byName(name);
    return run ? store.reruns.ofRun(run.id) : [];
  } finally {
    store.close();
  }
}
