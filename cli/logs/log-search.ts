import type { IncomingMessage } from 'node:http';
import type { LogPiece } from '../../shared/api.ts';
import { FailureError, messageOf, unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { LineFilter } from './line-filter.ts';
import { watchPattern } from './slow-pattern.ts';
import { JsonArray } from '../terminal/json-array.ts';
import { drained } from '../terminal/output.ts';

/** A line that was found, as `--json` prints it. */
export interface Found {
  run: string;
  attempt: number;
  node: number;
  line: string;
}

/** Prints the matches in the logs of all runs of the project as they are found. How many there were. */
export async function searchAll(cli: Cli, pattern: RegExp, since: { since?: string }, json: boolean): Promise<number> {
  if (!json) return search(cli, pattern, since, cli.out.isTTY, (found, nodes) => cli.out.line(shown(cli, found, nodes)));
  const array = new JsonArray(cli.out);
  const count = await search(cli, pattern, since, false, (found) => array.add(found));
  await array.end();
  return count;
}

function shown({ out }: Cli, { run, attempt, node, line }: Found, nodes: number): string {
  const who = nodes > 1 ? `${out.style('dim', `[node ${node}]`)} ` : '';
  return `${out.style('bold', run)}  ${attempt}  ${who}${line}${line.includes('\x1b') ? '\x1b[0m' : ''}`;
}

async function search(
  cli: Cli,
  pattern: RegExp,
  since: { since?: string },
  keepColours: boolean,
  tell: (found: Found, nodes: number) => void,
): Promise<number> {
  const answer = unwrap(await cli.client.stream('logsScan', { projectDir: cli.projectOrHere(), ...since }));
  const slow = watchPattern(cli.err);
  let count = 0;
  let of: Omit<LogPiece, 'bytes'> | null = null;
  let filter = new LineFilter(pattern, keepColours, slow);
  const found = (lines: string[]): void => {
    count += lines.length;
    for (const line of lines) if (of) tell({ run: of.run, attempt: of.attempt, node: of.node, line }, of.nodes ?? 1);
  };
  for await (const { piece, bytes } of pieces(answer)) {
    if (!of || of.run !== piece.run || of.attempt !== piece.attempt || of.node !== piece.node) {
      found(filter.flush());
      filter = new LineFilter(pattern, keepColours, slow);
      of = piece;
    }
    found(filter.push(bytes));
    await drained(cli.out.stream);
  }
  found(filter.flush());
  await drained(cli.out.stream);
  return count;
}

/** The stream's pieces (LogPiece of shared/api.ts). Throws a FailureError where it breaks off. */
async function* pieces(stream: IncomingMessage): AsyncGenerator<{ piece: LogPiece; bytes: Buffer }> {
  let rest = Buffer.alloc(0);
  let piece: LogPiece | null = null;
  let left = 0;
  for await (const chunk of chunks(stream)) {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (data.length > 0) {
      if (piece === null || left === 0) {
        const end = data.indexOf(0x0a);
        if (end < 0) break;
        piece = JSON.parse(data.toString('utf8', 0, end)) as LogPiece;
        left = piece.bytes;
        data = data.subarray(end + 1);
        continue;
      }
      const bytes = data.subarray(0, left);
      left -= bytes.length;
      data = data.subarray(bytes.length);
      yield { piece, bytes };
    }
    rest = Buffer.from(data);
  }
  if (left > 0 || rest.length > 0) throw broken('it ended too early');
}

async function* chunks(stream: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw broken(messageOf(error));
  }
}

const broken = (why: string): FailureError =>
  new FailureError({
    code: 'log_broken',
    message: `The search broke off before its end: the daemon went away (${why}).`,
    hint: 'Search again. `dstack daemon logs` may say why.',
  });
