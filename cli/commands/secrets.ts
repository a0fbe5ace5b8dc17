import { Command } from 'commander';
import type { Secret } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import { askFirst } from '../ask-first.ts';
import type { Cli } from '../context.ts';
import { askToReplace } from '../replace.ts';
import { askHidden, canAsk, readPiped } from '../terminal/ask.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { ago } from '../terminal/time.ts';
import { examples, usageError } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('secrets')
    .description("The project's secrets: variables of its runs that are kept encrypted, and masked in logs.")
    .addHelpText(
      'after',
      examples([
        ['dstack secrets add HF_TOKEN', 'asks for the value, unseen'],
        ['dstack secrets add HF_TOKEN < token.txt', 'takes it from a file'],
        ['dstack secrets', 'lists the names'],
        ['dstack secrets delete HF_TOKEN', 'deletes one'],
      ]),
    )
    .addCommand(list(cli), { isDefault: true })
    .addCommand(add(cli))
    .addCommand(remove(cli));

const list = (cli: Cli): Command =>
  new Command('list')
    .description('List their names. Values are never shown.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack secrets list', 'for people'],
        ['dstack secrets list --json', 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const secrets = unwrap(await cli.client.call('secretsList', { projectDir: cli.projectOrHere() }));
      if (options.json) return cli.json(secrets);
      if (secrets.length === 0) return cli.err.line('No secrets yet.');
      const now = Date.now();
      const lines = table<Secret>({
        rows: secrets,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: 'NAME', value: (secret) => oneLine(secret.name), least: 12 },
          { title: 'CREATED', value: (secret) => ago(Date.parse(secret.createdAt), now) },
        ],
      });
      for (const line of lines) cli.out.line(line);
    });

const add = (cli: Cli): Command =>
  new Command('add')
    .description('Add a secret.')
    .argument('<name>', 'the name of the variable')
    .argument('[value]', 'better left out: then it is asked for, or read from stdin, and stands in no history')
    .option('-f, --force', 'Replace a secret of this name that exists.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack secrets add HF_TOKEN', 'asks for the value'],
        ['pass hf | dstack secrets add HF_TOKEN', 'takes it from a program'],
      ]),
    )
    .action(async (name: string, given: string | undefined, options: { force?: boolean; json?: boolean }) => {
      const value = given ?? (await ask(cli, name));
      const projectDir = cli.projectOrHere();
      const answer = await askToReplace(cli, `The secret '${name}' exists. Replace it?`, options, (force) =>
        cli.client.call('secretsAdd', { projectDir, name, value, ...force }),
      );
      if (answer === null) return;
      if (options.json) return cli.json(answer);
      cli.out.line(`${answer.name} added`);
    });

const remove = (cli: Cli): Command =>
  new Command('delete')
    .description('Delete a secret.')
    .argument('<name>', 'its name')
    .option('-y, --yes', 'Do not ask.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack secrets delete HF_TOKEN', 'asks on a terminal'],
        ['dstack secrets delete HF_TOKEN -y', 'does not'],
      ]),
    )
    .action(async (name: string, options: { yes?: boolean; json?: boolean }) => {
      if (!(await askFirst(cli, `Delete the secret '${name}'?`, options))) return;
      const answer = unwrap(await cli.client.call('secretsDelete', { projectDir: cli.projectOrHere(), name }));
      if (options.json) return cli.json(answer);
      cli.out.line(`${answer.deleted} deleted`);
    });

/** From the terminal unseen, else from stdin without the line end that `echo` adds. */
async function ask(cli: Cli, name: string): Promise<string> {
  const value = process.stdin.isTTY
    ? canAsk(cli.err)
      ? await askHidden(cli.err, `Value of ${name}: `)
      : null
    : (await readPiped()).replace(/\r?\n$/, '');
  if (value === null || value === '')
    throw usageError('A secret needs a value.', `Type it when asked, or pipe it in: dstack secrets add ${name} < FILE`);
  return value;
}
