/**
 * Watches a project in the place of a daemon that cannot or must not look into it, for as long as somebody is attached to a watch. A line `rerun` on stdin asks for another attempt with the
 * files as they are; the end of stdin ends it. Each line on stdout is a WatchWord.
 */
import { createInterface } from 'node:readline';
import { messageOf } from '../../shared/result.ts';
import type { WatchWord } from '../../shared/watch-word.ts';
import type { UploadOptions } from './upload.ts';
import { watchUpload } from './watch-upload.ts';

/** Exits when it is over. */
export async function watch(options: UploadOptions & { run: string }): Promise<never> {
  const say = (word: WatchWord): void => void process.stdout.write(`${JSON.stringify(word)}\n`);
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const lines = createInterface({ input: process.stdin });
  const asked: string[] = [];
  let take = (line: string): void => void asked.push(line);
  lines.on('line', (line) => take(line));
  lines.on('close', leave);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, leave);
  process.stdout.on('error', leave);
  try {
    const watching = await watchUpload(options, { signal: leaving.signal, problem: (problem) => say({ problem }) });
    take = () => void watching.rerun().then((rerun) => say({ rerun }));
    asked.forEach(take);
    await watching.ended;
  } catch (error) {
    say({ problem: messageOf(error) });
  }
  process.exit(0);
}
