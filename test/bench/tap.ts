import { existsSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** Something that passed: a request, or the first byte of its answer; ms since 1970. */
export interface Passed {
  at: number;
  what: string;
}

const requestLine = /^(GET|POST|DELETE|HEAD) (\S+) HTTP\/1\.1\r\n/;

/** Now, in ms since 1970, as exact as the clock is. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/**
 * A Unix socket at `path` that leads to the one at `to`, and tells what HTTP requests pass and when their answers begin. It takes some 0.2 ms of each, and is there until the process ends.
 * `name` makes a request's words of its method and path; null: it is not told.
 */
export async function tap(
  path: string,
  to: string,
  tell: (passed: Passed) => void,
  name: (method: string, path: string) => string | null,
): Promise<void> {
  if (existsSync(path)) rmSync(path);
  const server = createServer({ allowHalfOpen: true }, (from) => {
    const there = connect({ path: to, allowHalfOpen: true });
    let waiting: string | null = null;
    from.on('data', (chunk: Buffer) => {
      const line = requestLine.exec(chunk.toString('latin1', 0, 2000));
      const words = line ? name(line[1] ?? '', line[2] ?? '') : null;
      if (words !== null) {
        tell({ at: nowMs(), what: words });
        waiting = words;
      }
      there.write(chunk);
    });
    there.on('data', (chunk: Buffer) => {
      if (waiting !== null) tell({ at: nowMs(), what: `${waiting}: answered` });
      waiting = null;
      from.write(chunk);
    });
    from.on('end', () => there.end());
    there.on('end', () => from.end());
    for (const [one, other] of [
      [from, there],
      [there, from],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
}
