/** The watch that this command is attached to: what it shows, and what its user types. */
import type { Run } from '../../shared/api.ts';
import { inSentences } from '../../shared/sentences.ts';
import { isEnded } from '../../shared/states.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { NodesView } from '../logs/nodes-view.ts';
import type { StatusLine } from '../terminal/status-line.ts';
import { printable, wrap } from '../terminal/text.ts';
import { listenForKeys, type Keys } from './keys.ts';
import { watchFiles, type FileWatch } from './own-files.ts';
import { mended, WatchFlow } from './watch-flow.ts';
import { hearsKeys } from './welcome.ts';
import { keyHelp } from './words.ts';

interface Parts {
  view: NodesView;
  status: StatusLine;
  say(text: string): void;
  /** something else stands in the status line */
  busy(): boolean;
  /** stop following; this is the exit status */
  leave(exitCode: number): void;
  /** ends the run, as after Ctrl+C */
  stop(): void;
}

export interface AttachedWatch {
  onRun(run: Run): void;
  /** the daemon does not answer for now */
  onGone(): void;
  onOffset(node: number, attempt: number): void;
  onData(node: number, chunk: Buffer, nodes: number): Promise<void>;
  /** somebody is being asked something, or no longer */
  quiet(on: boolean): void;
  /** it is this command that sees the changes */
  sees(): boolean;
  end(): Promise<void>;
}

/** Shows the watch `name`, and hears its keys where there is a terminal for that. */
export function attachWatch(cli: Cli, name: string, { view, status, say, busy, leave, stop }: Parts): AttachedWatch {
  const hears = hearsKeys(cli);
  let keys: Keys | null = null;
  let files: FileWatch | null = null;
  let latest: Run | null = null;
  let asking = false;
  /** the newest attempt that ended with its container */
  let lost = 0;
  const flow = new WatchFlow({
    columns: () => cli.err.columns(),
    keys: hears,
    line: async (text) => {
      status.clear();
      await view.reset();
      cli.err.line(cli.err.style('dim', text));
    },
    notice: (text) => {
      status.clear();
      view.freshLine();
      cli.err.line(cli.err.style(cli.err.isTTY ? 'yellow' : 'reset', wrap(printable(text), cli.err.columns())));
    },
    status: (text, still) => {
      if (text !== null) status.show(text, still);
      else if (!busy()) status.clear();
    },
  });

  const tell = async (wish: Promise<{ ok: boolean; failure?: { message: string; hint?: string } }>): Promise<void> => {
    const done = await wish;
    if (!done.ok && done.failure) say(wrap(printable(inSentences(done.failure)), cli.err.columns()));
    flow.redraw();
  };
  /** Of an attempt whose container was lost or could not be made, why: that is not in what is told of the run. */
  const sayWhy = async (attempt: number): Promise<void> => {
    const detail = await cli.client.call('run', { name });
    const one = detail.ok ? detail.value.attempts.find((info) => info.attempt === attempt && info.job === 0) : undefined;
    if (!one?.reason) return;
    say(wrap(`attempt ${attempt}: ${printable(one.reason)}`, cli.err.columns()));
    flow.redraw();
  };
  const take = (key: string): void => {
    if (asking || (latest !== null && isEnded(latest.status))) return;
    switch (key) {
      case 'r':
        return void tell(files === null ? cli.client.call('rerun', { name, projectDir: cli.projectOrHere() }) : files.rerun());
      case 's':
        return void tell(cli.client.call('stopAttempt', { name }));
      case 'd':
        return leave(exitCodes.ok);
      case 'q':
        return stop();
      case '?':
      case 'h':
        for (const line of keyHelp(name, latest?.watch?.attempt ?? 1)) say(line);
        return flow.redraw();
      default:
    }
  };
  if (hears) keys = listenForKeys(cli.out, take, () => flow.redraw());
  const onResize = (): void => flow.redraw();
  cli.err.stream.on('resize', onResize);

  return {
    onRun(run) {
      latest = run;
      flow.onRun(run);
      if (run.watch?.how === 'container' && run.watch.attempt > lost && !isEnded(run.status)) {
        lost = run.watch.attempt;
        void sayWhy(lost);
      }
      if (files === null && !isEnded(run.status) && (run.watch?.sees === 'client' || run.watch?.sees === 'nobody')) {
        files = watchFiles(cli, name, run, (sentence) => {
          say(wrap(printable(sentence ?? mended), cli.err.columns()));
          flow.redraw();
        });
      }
    },
    onGone: () => flow.onGone(),
    onOffset: (node, attempt) => {
      if (node === 0) flow.onAttempt(attempt);
    },
    onData: (node, chunk, nodes) =>
      flow.onData(async () => {
        status.clear();
        keys?.see(chunk);
        await view.write(node, chunk, nodes);
      }),
    quiet(on) {
      asking = on;
      if (on) keys?.pause();
      else keys?.resume();
      flow.quiet(on);
    },
    sees: () => files !== null,
    async end() {
      keys?.end();
      cli.err.stream.off('resize', onResize);
      await files?.end();
      await flow.end();
    },
  };
}

/** The exit status of a watch that was ended: that of its last attempt if that had come to its own end before, else that of whatever is stopped. */
export async function endedWatch(cli: Cli, name: string): Promise<{ exitCode: number; attempt: number; byItself: boolean }> {
  const detail = await cli.client.call('run', { name });
  const last = detail.ok ? detail.value.attempts.filter(({ job }) => job === 0).at(-1) : undefined;
  const byItself = last?.how === 'itself';
  return { exitCode: byItself ? (last?.exitCode ?? exitCodes.failure) : exitCodes.interrupted, attempt: last?.attempt ?? 1, byItself };
}
