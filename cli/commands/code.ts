import { Command } from 'commander';
import { FailureError, unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { onlyThere } from '../elsewhere/only-there.ts';
import { openUrl } from '../runs/open-url.ts';
import { examples } from '../usage.ts';
import { vscodeLink } from '../runs/vscode-link.ts';

interface CodeOptions {
  open?: boolean;
  json?: boolean;
}

const notes = `
Any run that goes on will do, whatever its provider. VS Code needs its Dev
Containers extension and, as this user, the Docker Engine that the run is on.
Without a desktop, paste the link into a browser on the machine that has one.
(\`dstack run code\` is something else: VS Code in the browser, as a run.)`;

export const command = (cli: Cli): Command =>
  new Command('code')
    .description('Attach the VS Code of your desktop to the container of a run.')
    .argument('<run>', 'a run that goes on')
    .option('--open', 'Open it even if this is no terminal.')
    .option('--no-open', 'Only print the link.')
    .option('--json', 'Print JSON.')
    .addHelpText('after', notes)
    .addHelpText(
      'after',
      examples([
        ['dstack code calm-otter-3', 'print the link and open it'],
        ['dstack code calm-otter-3 --no-open', 'print it'],
      ]),
    )
    .action(async (name: string, options: CodeOptions) => {
      await onlyThere(cli, `The container of ${name} is`, `code ${name} --no-open`);
      const [run, daemon] = [unwrap(await cli.client.call('run', { name })), unwrap(await cli.client.call('daemonStatus', {}))];
      // of several nodes the master
      const [attempt] = run.attempts.filter(({ container }) => container !== null).toSorted((a, b) => a.job - b.job);
      if (!attempt?.container) {
        const hint = ['queued', 'preparing'].includes(run.status)
          ? 'Try again when it runs.'
          : `Start it again with: dstack restart ${name}`;
        throw new FailureError({ code: 'not_running', message: `The run '${name}' has no running container (it is ${run.status}).`, hint });
      }
      const link = vscodeLink(attempt.container, daemon.engine.endpoint);
      if (options.json) cli.json({ run: name, container: attempt.container, link });
      else cli.out.line(link);
      if (!(options.open ?? (cli.out.isTTY && !options.json))) return;
      const opened = await openUrl(link, cli.env);
      if (!opened.ok) cli.notice(`${opened.failure.message} Open the link by hand.`);
    });
