import { Command } from 'commander';
import type { Run } from '../../shared/api.ts';
import { ok, unwrap, type Result } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { follow, goneSentence } from '../logs/follow.ts';
import { followRun } from '../logs/follow-run.ts';
import { checkLogOptions, type LogsOptions } from '../logs/log-options.ts';
import type { LogSink } from '../logs/log-sink.ts';
import { NodesView } from '../logs/nodes-view.ts';
import { sinceOption } from '../since-option.ts';
import { examples, wholeNumber } from '../usage.ts';

const notes = `
RE is a regular expression of JavaScript; it is looked for in the lines as they
are shown, of progress bars in their last state, without colours. With --grep
the exit status is 1 where no line matches.

-a reads the logs of all runs, the newest first, and prints RUN  ATTEMPT  LINE
as it finds them; --since leaves out what was printed before. --json prints an
array of {run, attempt, node, line}, an object a line.`;

export const command = (cli: Cli): Command =>
  new Command('logs')
    .description(
      "Print a run's output: of its attempts the newest that has any. Of progress bars only the last state, unless followed on a terminal.",
    )
    .argument('[run]', 'its name')
    .option('-f, --follow', 'Go on until the run ends, with its further attempts.')
    .option('--attempt <n>', 'That of this attempt (`dstack ps RUN` lists them).', wholeNumber(1))
    .option('--node <n>', 'That of this node alone, as it is. (torchrun)', wholeNumber(0))
    .option('-s, --since <time>', 'Only what was printed since: 10m, 2h, 1d, 1w ago, or a date and time.')
    .option('-n, --tail <n>', 'Only so many lines at its end, and with -f what follows.', wholeNumber(0))
    .option('-g, --grep <re>', 'Only the lines that match.')
    .option('-i, --ignore-case', 'With --grep: upper and lower case are the same.')
    .option('-a, --all', 'With --grep, in place of RUN: look through the logs of all runs of the project.')
    .option('--raw', 'Byte for byte as the job printed it.')
    .option('--json', 'With --grep: print JSON.')
    .addHelpText('after', notes)
    .addHelpText(
      'after',
      examples([
        ['dstack logs calm-otter-3', 'all of it'],
        ['dstack logs -f calm-otter-3', 'and what is still to come'],
        ['dstack logs -f -n 20 calm-otter-3', 'from the last 20 lines on'],
        ['dstack logs --attempt 1 calm-otter-3', 'before it failed, or made room'],
        ['dstack logs --node 1 calm-otter-3', 'of several nodes only this one'],
        ['dstack logs -s 10m calm-otter-3', 'the last ten minutes'],
        ['dstack logs -s 2026-11-02T14:00 calm-otter-3', 'since then'],
        ["dstack logs calm-otter-3 --grep 'loss: 0\\.0'", 'only these lines'],
        ["dstack logs -a -i --grep 'out of memory'", 'which runs said so'],
        ['dstack logs --raw calm-otter-3 > log', 'with all that its terminal got'],
      ]),
    )
    .action(async (name: string | undefined, options: LogsOptions) => {
      const asked = checkLogOptions(name, options);
      const since = sinceOption(options.since);
      if (asked.what === 'all') {
        const { searchAll } = await import('../logs/log-search.ts');
        const count = await searchAll(cli, asked.pattern, since, options.json === true);
        if (count === 0) cli.exitCode = exitCodes.failure;
        return;
      }
      // says so when there is no such run, and agrees on versions
      const detail = unwrap(await cli.client.call('run', { name: asked.name }));
      const { nodes = 1, watch } = detail;
      asked.forNodes(nodes);
      const attempts = new Map<number, number>();
      const { sink, count } = await sinkFor(cli, options, asked.pattern, (node) => ({ run: asked.name, attempt: attempts.get(node) ?? 1 }));
      const plain = asked.pattern === null && options.raw !== true;
      const onOffset = async (node: number, attempt: number, among: number): Promise<void> => {
        const before = attempts.get(node);
        // what is left of the one before is printed as its own
        if (before !== undefined && before !== attempt) await (among === 1 ? sink.reset() : sink.endOf(node));
        attempts.set(node, attempt);
        if (before === undefined || before === attempt) return;
        if (plain && watch && node === 0) cli.notice(`attempt ${attempt}`);
      };
      const isEmpty = await print(cli, asked.name, options, nodes, sink, onOffset, since);
      if (isEmpty && plain && !options.follow && options.since === undefined && options.tail === undefined) {
        const { printedNothing } = await import('../logs/printed-nothing.ts');
        cli.notice(printedNothing(detail, options));
      }
      if (count?.() === 0) cli.exitCode = exitCodes.failure;
    });

/** Where the output goes, and how many lines matched, where that counts. */
async function sinkFor(
  cli: Cli,
  options: LogsOptions,
  pattern: RegExp | null,
  of: (node: number) => { run: string; attempt: number },
): Promise<{ sink: LogSink; count?: () => number }> {
  if (options.raw !== true && pattern === null) return { sink: new NodesView(cli.out, options.follow === true) };
  const { filterSink, jsonLines, rawSink, shownLines } = await import('../logs/log-sink.ts');
  if (pattern === null) return { sink: rawSink(cli.out) };
  const [{ JsonArray }, { watchPattern }] = await Promise.all([import('../terminal/json-array.ts'), import('../logs/slow-pattern.ts')]);
  const to = options.json ? jsonLines(new JsonArray(cli.out), of) : shownLines(new NodesView(cli.out, false));
  const sink = filterSink(pattern, cli.out.isTTY && options.json !== true, to, watchPattern(cli.err));
  return { sink, count: sink.count };
}

/** Answers whether there was nothing to print. */
async function print(
  cli: Cli,
  name: string,
  { follow: live, attempt, node, tail }: LogsOptions,
  nodes: number,
  sink: LogSink,
  onOffset: (node: number, attempt: number, among: number) => Promise<void>,
  since: { since?: string },
): Promise<boolean> {
  let isEmpty = true;
  const write = (of: number, chunk: Buffer, among: number): Promise<void> => {
    isEmpty = false;
    return sink.write(of, chunk, among);
  };
  const request = {
    name,
    follow: live === true,
    ...since,
    ...(attempt !== undefined && { attempt }),
    ...(tail !== undefined && { lines: tail }),
  };
  const { signal } = new AbortController();
  const here = live ? await (await import('../elsewhere/serve-here.ts')).serveHere(cli) : null;
  const onRun = (run: Run): void => here?.onRun(run);
  const onGone = (): void => cli.notice(goneSentence);
  const one = (of: number, among: number) =>
    follow(
      cli.client,
      { ...request, ...(of > 0 && { node: of }) },
      {
        onRun,
        onData: (chunk) => write(of, chunk, among),
        onOffset: (_, at) => onOffset(of, at, among),
      },
      signal,
    );
  let read: Result<unknown> = ok(null);
  if (node !== undefined) read = await one(node, 1);
  else if (live) {
    const reader = {
      onRun,
      onGone,
      onData: write,
      onOffset: (of: number, _: number, at: number) => onOffset(of, at, nodes),
    };
    read = await followRun(cli.client, request, reader, signal);
  }
  // what there is, node by node
  else
    for (let of = 0; of < nodes && read.ok; of++) {
      read = await one(of, nodes);
      sink.endOf(of);
    }
  await here?.end();
  await sink.end();
  unwrap(read);
  return isEmpty;
}
