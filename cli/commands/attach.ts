import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import { isEnded } from '../../shared/states.ts';
import { attach } from '../runs/attach.ts';
import type { Cli } from '../context.ts';
import { examples } from '../usage.ts';

interface AttachOptions {
  all?: boolean;
  open?: boolean;
}

const notes = `
Shows the end of what the run has printed (about a screenful), then what it
prints, and how it ended. On a terminal its bars get this terminal's width.
Ctrl+C asks whether to stop it or to detach, d detaches; leaving it, or closing
the terminal, leaves it going. The exit status is the run's own, as of
\`dstack run\`.

A watch (\`dstack run --watch\`) has its keys here, too: r runs it again, s stops
what runs, d detaches, q quits, ? shows them.`;

/** What a terminal of unknown height shows. */
const usualLines = 24;

export const command = (cli: Cli): Command =>
  new Command('attach')
    .description('Join a run that goes on, or see how it ended.')
    .argument('<run>', 'its name')
    .option('-a, --all', 'All that its attempt has printed, not only the end.')
    .option('--open', 'Open what it serves in the browser.')
    .addHelpText('after', notes)
    .addHelpText(
      'after',
      examples([
        ['dstack attach calm-otter-3', 'from another terminal, or after detaching'],
        ['dstack attach calm-otter-3 --all', 'with all that the attempt has printed'],
        ['dstack attach calm-otter-3 && dstack run report', 'wait for it, and go on if it is done'],
      ]),
    )
    .action(async (name: string, { all = false, open = false }: AttachOptions) => {
      // says so when there is no such run, and agrees on versions
      const run = unwrap(await cli.client.call('run', { name }));
      const watch = (run.watch ?? null) !== null;
      if (watch && !isEnded(run.status)) {
        const { hearsKeys, welcome } = await import('../watch/welcome.ts');
        if (hearsKeys(cli)) cli.err.line(cli.err.style('dim', welcome(cli, name)));
      }
      const lines = all ? {} : { lines: cli.out.stream.rows || usualLines };
      cli.exitCode = await attach(cli, name, { joins: true, open, watch, ...lines });
    });
