import { Command } from 'commander';
import type { DaemonStatus } from '../../shared/api.ts';
import { FailureError, unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import type { InstallOptions } from '../service/install.ts';
import { onlyThere } from '../elsewhere/only-there.ts';
import { daemonLog } from '../service/log.ts';
import { exitCodes } from '../exit-codes.ts';
import { moment } from '../terminal/time.ts';
import { examples, wholeNumber } from '../usage.ts';

interface JsonOption {
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('daemon')
    .description('The process that keeps runs going. Other commands start it when it is not there, unless it is the one of all users.')
    .addHelpText(
      'after',
      examples([
        ['dstack daemon status', 'whether it runs'],
        ['dstack daemon stop', 'end it; containers go on, and the next daemon takes them over'],
        ['dstack daemon logs -n 20', 'the end of its log'],
      ]),
    )
    .addCommand(start(cli))
    .addCommand(stop(cli))
    .addCommand(status(cli))
    .addCommand(logs(cli))
    .addCommand(installing(cli))
    .addCommand(uninstalling(cli));

const start = (cli: Cli): Command =>
  new Command('start')
    .description('Start it, unless it runs.')
    .option('--json', 'Print JSON.')
    .addHelpText('after', examples([['dstack daemon start', 'returns when it answers']]))
    .action(async (options: JsonOption) => {
      unwrap(await cli.client.start());
      const now = unwrap(await cli.client.call('daemonStatus', {}));
      if (options.json) return cli.json(now);
      cli.out.line(`The daemon runs (process ${now.pid}).`);
    });

const stop = (cli: Cli): Command =>
  new Command('stop')
    .description('Stop it. Containers go on; the next daemon takes them over.')
    .option('--json', 'Print JSON.')
    .addHelpText('after', examples([['dstack daemon stop', 'returns when it has gone']]))
    .action(async (options: JsonOption) => {
      const stopped = await cli.waiting.during('stopping the daemon; runs go on', () => cli.client.stop({ forGood: true }));
      const ran = stopped.ok || stopped.failure.code !== 'daemon_absent';
      if (ran) unwrap(stopped);
      if (options.json) return cli.json({ stopped: ran });
      cli.out.line(ran ? 'The daemon has stopped.' : 'The daemon was not running.');
    });

const status = (cli: Cli): Command =>
  new Command('status')
    .description('Show whether it runs, and since when. Exit status 1 when it does not.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack daemon status', 'for people'],
        ['dstack daemon status --json', 'for programs: pid, version, …'],
      ]),
    )
    .action(async (options: JsonOption) => {
      const asked = await cli.client.call('daemonStatus', {}, { start: false, anyVersion: true });
      if (asked.ok) return options.json ? cli.json(asked.value) : show(cli, asked.value);
      if (asked.failure.code !== 'daemon_absent') unwrap(asked);
      if (options.json) cli.json({ pid: null, home: cli.client.elsewhere ? null : cli.home });
      else cli.out.line('The daemon is not running.');
      cli.exitCode = exitCodes.failure;
    });

const logs = (cli: Cli): Command =>
  new Command('logs')
    .description('Print the end of its log.')
    .option('-n, --lines <n>', 'How many lines.', wholeNumber(1), 100)
    .option('--json', 'Print the lines as they stand in the file.')
    .addHelpText(
      'after',
      examples([
        ['dstack daemon logs', 'the last 100 lines'],
        ['dstack daemon logs -n 5', 'the last 5'],
      ]),
    )
    .action(async (options: { lines: number; json?: boolean }) => {
      await onlyThere(cli, 'Its log is', `daemon logs -n ${options.lines}`);
      if (cli.client.shared) {
        const hint = 'As root: journalctl -u dstackd';
        throw new FailureError({ code: 'shared_daemon', message: "The log of this machine's daemon is its administrator's.", hint });
      }
      for (const line of unwrap(daemonLog(cli.home, options.lines, options.json === true))) cli.out.line(line);
    });

const installing = (cli: Cli): Command =>
  new Command('install')
    .description('Let systemd start it, with your first session or for all users of the machine.')
    .option('--system', 'For all users: as root, with a socket for each. (needs --group)')
    .option('--group <group>', 'Whose members may use it.')
    .option('--root <dir>', 'Write below this folder, as for an image, and start nothing.')
    .option('--print', 'Only print the unit.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack daemon install', 'yours, from your first session on'],
        ['sudo dstack daemon install --system --group lab', "the machine's, for the members of lab"],
        ['dstack daemon install --print', 'shows what would be written'],
      ]),
    )
    .action(async (options: InstallOptions & JsonOption & { print?: boolean }) => {
      await onlyThere(cli, 'It is installed', 'daemon install');
      const { install, unitFor } = await import('../service/install.ts');
      if (options.print) {
        const unit = unitFor(cli, options);
        return options.json ? cli.json(unit) : cli.out.line(unit.text.trimEnd());
      }
      const said = unwrap(await install(cli, options));
      if (options.json) return cli.json({ said });
      for (const line of said) cli.out.line(line);
    });

const uninstalling = (cli: Cli): Command =>
  new Command('uninstall')
    .description('Undo the installation. Runs and artifacts are kept.')
    .option('--system', 'The one for all users.')
    .option('--root <dir>', 'Below this folder.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack daemon uninstall', 'yours'],
        ['sudo dstack daemon uninstall --system', "the machine's"],
      ]),
    )
    .action(async (options: InstallOptions & JsonOption) => {
      await onlyThere(cli, 'It is uninstalled', 'daemon uninstall');
      const { uninstall } = await import('../service/install.ts');
      const said = unwrap(await uninstall(cli, options));
      if (options.json) return cli.json({ said });
      for (const line of said) cli.out.line(line);
    });

function show(cli: Cli, status: DaemonStatus): void {
  const { engine } = status;
  cli.out.line(`The daemon runs (process ${status.pid}, dstack ${status.version}) since ${moment(status.startedAt)}.`);
  cli.out.line(`Home    ${status.home}`);
  cli.out.line(`Engine  ${engine.endpoint}${engine.reachable ? `, version ${engine.version ?? 'unknown'}` : ', does not answer'}`);
  cli.out.line(`Runs    ${status.unfinishedRuns} unfinished`);
}
