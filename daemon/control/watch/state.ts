/** What the daemon and the supervisor of a watch's container tell each other through its state folder: docblock of supervisor-script.ts. */
import { closeSync, constants, watch, writeSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { watchFiles } from '../../providers/supervisor-script.ts';
import { mustRun } from '../../snapshots/run.ts';
import { openUntrusted, readUntrusted, writeOver } from '../untrusted-file.ts';

/** What the supervisor has left; numbers of attempts, times in ms since 1970. null: nothing. */
export interface WatchState {
  up: boolean;
  begun: { attempt: number; at: number } | null;
  /** `stopped`: with its container, which is being ended */
  ended: { attempt: number; at: number; exitCode: number; stopped?: boolean } | null;
  /** told to end, in whatever way */
  ending: number | null;
  refused: number | null;
  stuck: number | null;
}

export const nothingYet: WatchState = { up: false, begun: null, ended: null, ending: null, refused: null, stuck: null };

/** Makes the pipes, and the folder in which the files that the container begins with will be seen. Idempotent. */
export async function preparePipes(folder: string): Promise<void> {
  for (const name of [watchFiles.begin, watchFiles.end]) {
    const path = join(folder, name);
    // for whatever user the image has; one that is there is left alone, since by its name it may be a link by now
    if (!(await lstat(path).catch(() => null))) await mustRun('mkfifo', ['-m', '666', path]);
  }
  await mkdir(join(folder, 'tree'), { recursive: true });
}

/** Written before the container is started: the attempt that it begins with. */
export const writeFirst = (folder: string, attempt: number): Promise<void> =>
  writeOver(join(folder, watchFiles.first), `${attempt}\n`, 0o644);

export async function readWatchState(folder: string): Promise<WatchState> {
  const numbers = async (name: string): Promise<{ words: number[]; word: string | null; at: number } | null> => {
    const file = await readUntrusted(join(folder, name));
    // a line that is not there to its end is being written
    const [, line, word = null] = (file && /^(\d{1,9}(?: \d{1,3})?)(?: ([a-z]+))?\n/.exec(file.text)) ?? [];
    return file && line ? { words: line.split(' ').map(Number), word, at: file.at } : null;
  };
  const [up, begun, ended, ending, refused, stuck] = await Promise.all([
    lstat(join(folder, watchFiles.up)).then(
      () => true,
      () => false,
    ),
    ...[watchFiles.begun, watchFiles.ended, watchFiles.ending, watchFiles.refused, watchFiles.stuck].map(numbers),
  ]);
  const first = (found: { words: number[] } | null | undefined): number | null => found?.words[0] ?? null;
  const [number, exitCode] = ended?.words ?? [];
  return {
    up,
    begun: begun?.words[0] === undefined ? null : { attempt: begun.words[0], at: begun.at },
    ended:
      ended && number !== undefined && exitCode !== undefined
        ? { attempt: number, exitCode, at: ended.at, ...(ended.word === null ? {} : { stopped: true }) }
        : null,
    ending: first(ending),
    refused: first(refused),
    stuck: first(stuck),
  };
}

/** One line to the supervisor. False: nobody listens, or what lies there is no pipe of ours any more. */
export async function tellSupervisor(folder: string, pipe: 'begin' | 'end', line: string): Promise<boolean> {
  // never waits: without a reader the open fails, without room in it the write
  const fd = openUntrusted(join(folder, watchFiles[pipe]), constants.O_WRONLY, (stat) => stat.isFIFO());
  if (fd === null) return false;
  try {
    const text = Buffer.from(`${line}\n`);
    return writeSync(fd, text) === text.length;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

const spoken: ReadonlySet<string> = new Set([watchFiles.up, watchFiles.begun, watchFiles.ended, watchFiles.refused, watchFiles.stuck]);

export interface Hearing {
  /** it hears nothing any more: one has to look now and then */
  readonly deaf: boolean;
  close(): void;
}

/** More changes in a second are no words of the supervisor's: the job fills the folder, and nobody is to be kept busy by that. */
const mostInASecond = 1_000;

/** Calls `wake` at each word of the supervisor. Null: the folder cannot be watched. */
export function hearSupervisor(folder: string, wake: () => void): Hearing | null {
  let deaf = false;
  let since = performance.now();
  let count = 0;
  try {
    const watcher = watch(folder, { persistent: false }, (_, name) => {
      const now = performance.now();
      if (now - since > 1_000) [since, count] = [now, 0];
      if (++count > mostInASecond) {
        fallSilent();
        return wake();
      }
      if (name === null || spoken.has(name)) wake();
    });
    const fallSilent = (): void => {
      deaf = true;
      watcher.close();
    };
    // the folder goes, or there is none left of what the kernel gives for this
    watcher.on('error', () => {
      fallSilent();
      wake();
    });
    return {
      get deaf() {
        return deaf;
      },
      close: () => watcher.close(),
    };
  } catch {
    return null;
  }
}
