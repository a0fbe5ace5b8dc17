import type { Command, Option } from 'commander';
import { isEnded } from '../../shared/states.ts';
import { providerNames } from '../../shared/workflow/model.ts';
import { commands } from '../commands.ts';
import type { Cli } from '../context.ts';
import { build } from '../program.ts';
import { environmentsOf, runOf, runsOf, secretsOf, tagsOf } from './ask.ts';
import { argumentKinds, optionKinds, type Kind } from './values.ts';
import { workflowNames } from './workflow-names.ts';

/** What fits at the cursor: words, or the names of files or folders, which the shell itself knows. */
export type Suggestions = { kind: 'words'; words: string[] } | { kind: 'files' | 'dirs' };

const only = (words: readonly string[]): Suggestions => ({ kind: 'words', words: [...words] });
const nothing = only([]);

/** `words`: those behind the program's name, the last one being typed. */
export async function suggest(cli: Cli, words: string[]): Promise<Suggestions> {
  const current = words.at(-1) ?? '';
  const [verb] = words;
  if (words.length <= 1) return only(current.startsWith('-') ? ['--help', '--version'] : Object.keys(commands));
  if (verb === undefined || !Object.hasOwn(commands, verb)) return nothing;
  const program = await build(cli, verb);
  const top = program.commands.find((command) => command.name() === verb);
  return top ? inCommand(cli, top, [verb], words.slice(1)) : nothing;
}

async function inCommand(cli: Cli, top: Command, path: string[], words: string[]): Promise<Suggestions> {
  let command = top;
  const given: string[] = [];
  /** what an option takes whose value comes next */
  let option: Option | null = null;
  let onlyArguments = false;
  for (const word of words.slice(0, -1)) {
    if (option !== null) option = null;
    else if (onlyArguments) given.push(word);
    else if (word === '--') onlyArguments = true;
    else if (word.startsWith('-')) {
      const found = word.includes('=') ? undefined : optionOf(command, word);
      option = found?.required ? found : null;
    } else {
      const child = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (child) {
        command = child;
        path = [...path, word];
      } else given.push(word);
    }
  }
  const current = words.at(-1) ?? '';
  if (option !== null) return ofKind(cli, kindOfOption(option, path), given, path);
  const [flag, value] = /^(--[^=]+)=(.*)$/s.exec(current)?.slice(1) ?? [];
  if (!onlyArguments && flag !== undefined && value !== undefined) {
    const found = optionOf(command, flag);
    const values = found && (found.required || found.optional) ? await ofKind(cli, kindOfOption(found, path), given, path) : nothing;
    return values.kind === 'words' ? only(values.words.map((word) => `${flag}=${word}`)) : values;
  }
  if (!onlyArguments && current.startsWith('-')) return only(flagsOf(command, current));
  if (given.length === 0 && command.commands.length > 0) return only(command.commands.map((one) => one.name()));
  const kinds = argumentKinds[path.join(' ')] ?? [];
  return ofKind(cli, kinds[Math.min(given.length, kinds.length - 1)] ?? 'none', given, path);
}

const optionOf = (command: Command, flag: string): Option | undefined =>
  command.options.find((option) => option.long === flag || option.short === flag);

const kindOfOption = (option: Option, path: string[]): Kind =>
  option.argChoices ?? optionKinds[`${path[0]} ${option.long}`] ?? optionKinds[option.long ?? ''] ?? 'none';

/** Long ones; the short ones too where nothing but the dash was typed. */
const flagsOf = (command: Command, current: string): string[] => [
  ...command.options.flatMap(({ long, short, hidden }) =>
    hidden ? [] : [long, current === '-' ? short : undefined].filter((flag) => flag !== undefined),
  ),
  ...(command.options.some(({ long }) => long === '--help') ? [] : ['--help']),
];

async function ofKind(cli: Cli, kind: Kind, given: string[], path: string[]): Promise<Suggestions> {
  if (typeof kind !== 'string') return only(kind);
  const names = async (fits: (status: Awaited<ReturnType<typeof runsOf>>[number]) => boolean): Promise<Suggestions> =>
    only((await runsOf(cli)).filter((run) => fits(run) && !given.includes(run.name)).map((run) => run.name));
  const workflows = (): string[] => {
    const project = cli.project();
    return project.ok ? workflowNames(project.value) : [];
  };
  const colon = async (): Promise<string[]> => (await tagsOf(cli)).map((tag) => `:${tag}`);
  switch (kind) {
    case 'none':
      return nothing;
    case 'files':
    case 'dirs':
      return { kind };
    case 'workflow':
      return only(workflows());
    case 'target':
      return only([...workflows(), ...providerNames]);
    case 'runArgs':
      return given[0] === 'docker' && given.length === 1 && !workflows().includes('docker') ? nothing : { kind: 'files' };
    case 'run':
      return names(() => true);
    case 'unfinishedRun':
      return names(({ status }) => !isEnded(status));
    case 'endedRun':
      return names(({ status }) => isEnded(status));
    case 'runningRun':
      return names(({ status }) => status === 'running');
    case 'tag':
      return only((await tagsOf(cli)).filter((tag) => !given.includes(tag)));
    case 'artifacts': {
      const [tags, runs] = await Promise.all([colon(), runsOf(cli)]);
      return only([...tags, ...runs.filter(({ artifacts }) => artifacts.length > 0).map(({ name }) => name)]);
    }
    case 'dep':
      return only([...(await colon()), ...workflows()]);
    case 'secret':
      return only(await secretsOf(cli));
    case 'environment':
      return only((await environmentsOf(cli)).filter((key) => !given.includes(key)));
    case 'attempt':
    case 'node': {
      const run = given[0] === undefined || path[0] === 'run' ? null : await runOf(cli, given[0]);
      if (run === null) return nothing;
      if (kind === 'attempt') return only([...new Set(run.attempts.map(({ attempt }) => String(attempt)))]);
      return only(Array.from({ length: run.nodes ?? 1 }, (_, node) => String(node)));
    }
  }
}
