/** The command line's parser: the program with its commands, each in a file of its own, of which only the one that is asked for is loaded. */
import { Command, CommanderError } from 'commander';
import type { Failure } from '../shared/result.ts';
import { nearest } from '../shared/workflow/suggest.ts';
import { commands, type CommandName } from './commands.ts';
import type { Cli } from './context.ts';
import { splitExecArgs } from './sessions/exec-args.ts';
import { exitCodes } from './exit-codes.ts';
import { splitRunArgs } from './runs/run-args.ts';
import { usageError } from './usage.ts';

/** Reads the command line and runs its command. */
export async function parse(cli: Cli, typed: string[]): Promise<void> {
  // `help run` says what `run --help` says
  const argv = typed[0] === 'help' ? [...typed.slice(1).filter((word) => !word.startsWith('-')), '--help'] : typed;
  const program = await build(cli, argv[0]);
  await program.parseAsync(prepare(program, argv), { from: 'user' });
}

/** The exit status where the parser has ended the command, and said why; null: the error is none of its own. */
export const statusOf = (error: unknown): number | null =>
  error instanceof CommanderError ? (error.exitCode === 0 ? exitCodes.ok : exitCodes.usage) : null;

/** The program with the command that `verb` names, or with all of them when it names none. */
export async function build(cli: Cli, verb: string | undefined): Promise<Command> {
  const program = new Command('dstack')
    .description('Runs the workflows of .dstack/workflows.yaml in containers, on machines you own.')
    .usage('COMMAND [OPTIONS]')
    .version(cli.version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false)
    .addHelpText('after', '\n`dstack COMMAND --help` says more about a command.')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({ getOutHelpWidth: () => cli.out.columns() ?? 100, getErrHelpWidth: () => cli.err.columns() ?? 100 })
    .configureOutput({ outputError: (text) => cli.complain(inOurWords(text, isCommand(verb) ? verb : null)) });
  const wanted = isCommand(verb) ? [verb] : (Object.keys(commands) as CommandName[]);
  const loaded = await Promise.all(wanted.map((name) => commands[name]()));
  for (const { command } of loaded) program.addCommand(inherit(command(cli), program));
  return program;
}

/** What the parser says of a mistake, as all else that fails is said. Its form: `error: MESSAGE`, and on a line of its own perhaps `(Did you mean WORD?)`. */
export function inOurWords(text: string, verb: string | null): Failure {
  const [first = '', suggestion] = text.trim().split('\n');
  const message = first.replace(/^error: ./, (begin) => begin.slice(7).toUpperCase());
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `\`dstack ${verb === null ? '' : `${verb} `}--help\` says what there is.`;
  return { code: 'usage', message: message.endsWith('.') ? message : `${message}.`, hint };
}

const isCommand = (name: string | undefined): name is CommandName => name !== undefined && Object.hasOwn(commands, name);

/** Gives a command and those below it the program's ways of printing and failing. */
function inherit(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** The command line as commander is to read it. */
function prepare(program: Command, argv: string[]): string[] {
  const [verb] = argv;
  if (verb === undefined) return ['--help'];
  if (!verb.startsWith('-') && !isCommand(verb)) {
    const near = nearest(verb, Object.keys(commands));
    throw usageError(`There is no command '${verb}'.`, near ? `Did you mean \`dstack ${near}\`?` : '`dstack --help` lists them.');
  }
  const exec = program.commands.find((command) => command.name() === 'exec');
  if (verb === 'exec' && exec) return ['exec', ...splitExecArgs(exec.options, argv.slice(1))];
  const run = program.commands.find((command) => command.name() === 'run');
  return verb === 'run' && run ? ['run', ...splitRunArgs(run.options, argv.slice(1), usageError)] : argv;
}
