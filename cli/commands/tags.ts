import { Command } from 'commander';
import { statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Tag } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import { askFirst } from '../ask-first.ts';
import type { Cli } from '../context.ts';
import { onlyThere } from '../elsewhere/only-there.ts';
import { askToReplace } from '../replace.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { ago } from '../terminal/time.ts';
import { collect, examples, usageError } from '../usage.ts';

interface AddOptions {
  artifact?: string[];
  force?: boolean;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('tags')
    .description('Name the artifacts of runs, so that others can depend on them.')
    .addHelpText(
      'after',
      examples([
        ['dstack tags', 'list the tags of the project'],
        ['dstack tags add best calm-otter-3', 'tag a run'],
        ['dstack tags add data -a datasets/small', 'tag a folder of yours'],
        ['dstack tags delete best', 'delete a tag; the artifacts stay until gc'],
      ]),
    )
    .addCommand(list(cli), { isDefault: true })
    .addCommand(add(cli))
    .addCommand(remove(cli));

const list = (cli: Cli): Command =>
  new Command('list')
    .description("List the project's tags.")
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack tags list', 'for people'],
        ['dstack tags list --json', 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const tags = unwrap(await cli.client.call('tagsList', { projectDir: cli.projectOrHere() }));
      if (options.json) return cli.json(tags);
      if (tags.length === 0) return cli.err.line('No tags yet.');
      const now = Date.now();
      const lines = table<Tag>({
        rows: tags,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: 'TAG', value: (tag) => oneLine(tag.tag), least: 12 },
          { title: 'RUN', value: (tag) => tag.run },
          { title: 'WORKFLOW', value: (tag) => oneLine(tag.workflow ?? ''), least: 10 },
          { title: 'ARTIFACTS', value: (tag) => oneLine(tag.artifacts.join(', ')), least: 10 },
          { title: 'CREATED', value: (tag) => ago(Date.parse(tag.createdAt), now) },
        ],
      });
      for (const line of lines) cli.out.line(line);
    });

const add = (cli: Cli): Command =>
  new Command('add')
    .description('Tag a run, or local folders.')
    .argument('<tag>', 'the name')
    .argument('[run]', 'the run whose artifacts it names')
    .option('-a, --artifact <dir>', 'A local folder to save under the tag. Repeatable.', collect)
    .option('-f, --force', 'Move a tag of this name that exists.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack tags add best calm-otter-3', 'a run'],
        ['dstack tags add data -a train -a test', 'two folders'],
      ]),
    )
    .action(async (name: string, run: string | undefined, options: AddOptions) => {
      const projectDir = cli.projectOrHere();
      const tag = name.replace(/^:/, '');
      if ((run === undefined) === (options.artifact === undefined))
        throw usageError(
          'A tag names either a run or folders.',
          `Write \`dstack tags add ${tag} RUN\` or \`dstack tags add ${tag} -a DIR\`.`,
        );
      if (run === undefined) await onlyThere(cli, 'Folders are tagged', `tags add ${tag} -a DIR`);
      const what = run === undefined ? { dirs: (options.artifact ?? []).map((dir) => folder(cli.cwd, projectDir, dir)) } : { run };
      const answer = await askToReplace(cli, `The tag '${tag}' exists. Move it?`, options, (force) =>
        cli.client.call('tagsAdd', { projectDir, tag, ...what, ...force }),
      );
      if (answer === null) return;
      if (options.json) return cli.json(answer);
      cli.out.line(`${answer.tag} is ${answer.run}`);
    });

const remove = (cli: Cli): Command =>
  new Command('delete')
    .description('Delete a tag. The artifacts stay as long as their run.')
    .argument('<tag>', 'its name')
    .option('-y, --yes', 'Do not ask.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack tags delete best', 'asks on a terminal'],
        ['dstack tags delete best -y', 'does not'],
      ]),
    )
    .action(async (name: string, options: { yes?: boolean; json?: boolean }) => {
      const tag = name.replace(/^:/, '');
      if (!(await askFirst(cli, `Delete the tag '${tag}'?`, options))) return;
      const answer = unwrap(await cli.client.call('tagsDelete', { projectDir: cli.projectOrHere(), tag }));
      if (options.json) return cli.json(answer);
      cli.out.line(`${answer.deleted} deleted`);
    });

/** A folder of the user's, and the path it is saved under: as in the project, else as it is. */
function folder(cwd: string, projectDir: string, dir: string): { source: string; path: string } {
  const source = resolve(cwd, dir);
  if (!isFolder(source)) throw usageError(`${dir} is not a folder.`, 'Only folders are saved under a tag: name the one that it is in.');
  const below = relative(projectDir, source);
  if (below === '') throw usageError('The whole project cannot be an artifact.', 'Name a folder of it.');
  return { source, path: below.startsWith('..') || isAbsolute(below) ? source : below };
}

/** One that may not be looked at is none, as far as this user goes. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
