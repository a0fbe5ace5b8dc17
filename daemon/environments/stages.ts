import { secretsAsVariables } from '../../shared/workflow/interpolate.ts';
import type { EnvironmentSpec } from '../providers/job-spec.ts';
import { installedBy, nothingToInstall } from '../providers/installing.ts';
import { pipInstall, type BuildCommand } from './build-script.ts';
import { environmentKey, type Ingredients } from './key.ts';
import { namedFiles } from './named-files.ts';
import { readRequirements, type Part, type Tree } from './requirements.ts';
import { speakOfFolders, speakOfTheJob, takesPartIn } from './variables.ts';

/**
 * An environment is made in two stages, each an environment by itself, the second upon the first: what is installed (requirements, and what the provider needs), and the
 * workflow's own set-up. So an edit of the set-up installs nothing again, and what a set-up does that no image can hold costs only its own repetition.
 */
export interface Stage {
  kind: 'install' | 'setup';
  key: string;
  commands: BuildCommand[];
  /** as the workflow has them, for people */
  shown: string[];
  requirements: string | null;
  /** why it cannot be kept, so that its commands run in every job; null: it can */
  inJob: string | null;
}

export interface StagesOptions {
  spec: EnvironmentSpec;
  /** before the run's name was filled in */
  template: EnvironmentSpec;
  /** id of the image */
  image: string;
  workingDir: string;
  /** the variables of the config and the workflow, with the names of secrets */
  env: Record<string, string>;
  /** what else may be spoken of, by its name (docblock of key.ts) */
  others: Record<string, string>;
  /** path below the working directory and content of what deps give */
  deps: readonly (readonly [path: string, content: string])[];
  /** folders of the host that it may write into, by their paths in the container */
  writable: readonly string[];
  files: Tree;
  /** what a file or folder of the tree holds, as an id */
  idOf(path: string): Promise<string | null>;
  installation: string;
  owner: number | null;
}

/** The stages of a job's environment, the first one first; none: there is nothing to install. */
export async function stagesOf({ spec, template, image, workingDir, files, idOf, ...rest }: StagesOptions): Promise<Stage[]> {
  const stages: Stage[] = [];
  const contents = async (parts: readonly Part[]): Promise<Ingredients['files']> =>
    Promise.all(
      parts.map(async (part): Promise<readonly [string, string]> => [
        part.path,
        part.kind === 'file' ? part.text : ((await idOf(part.path)) ?? ''),
      ]),
    );
  const common = { installation: rest.installation, owner: rest.owner, env: rest.env, others: rest.others };
  let from = image;
  if (spec.requirements !== null || spec.install.length > 0) {
    const { parts } = spec.requirements === null ? { parts: [] } : readRequirements(files, workingDir, spec.requirements);
    const commands = [...(spec.requirements === null ? [] : [pipInstall(spec.requirements)]), ...spec.install.map(commandOf)];
    // where nothing but the file's text counts, its name and place do not
    const plain = parts.length === 1;
    const key = environmentKey({
      ...common,
      from,
      commands: plain ? spec.install : commands.map(({ run }) => run),
      workingDir: plain || parts.length === 0 ? null : workingDir,
      files: plain ? [['requirements', (await contents(parts))[0]?.[1] ?? '']] : await contents(parts),
      // a requirement that a dep brings along
      deps: rest.deps.filter(([path]) => takesPartIn(path, textsOf(parts))),
      extra: spec.server ?? null,
    });
    const shown = commands.map((command) => command.shown);
    stages.push({ kind: 'install', key, commands, shown, requirements: spec.requirements, inJob: null });
    from = key;
  }
  if (spec.setup.length > 0) {
    const parts = namedFiles(files, workingDir, spec.setup);
    const key = environmentKey({
      ...common,
      from,
      commands: spec.setup,
      workingDir,
      files: await contents(parts),
      deps: rest.deps,
      extra: null,
    });
    const texts = [...template.setup, ...textsOf(parts)];
    const inJob = speakOfTheJob(texts)
      ? 'it speaks of what each job has of its own'
      : speakOfFolders(rest.writable, texts)
        ? 'it may write into a mounted folder'
        : null;
    const shown = spec.setup.map((command) => installedBy(command)?.what ?? command);
    stages.push({ kind: 'setup', key, commands: spec.setup.map(commandOf), shown, requirements: null, inJob });
  }
  return stages;
}

const textsOf = (parts: readonly Part[]): string[] => parts.flatMap((part) => (part.kind === 'file' ? [part.text] : []));

/** Named by what it installs, or its last line, where it has several. */
function commandOf(command: string): BuildCommand {
  const run = secretsAsVariables(command);
  const installed = installedBy(command);
  if (installed !== null) {
    const { what, pip } = installed;
    return { shown: what, run, installs: what, ...(pip ? { without: nothingToInstall(what) } : {}) };
  }
  return { shown: command.trim().split('\n').at(-1)?.trim() ?? '', run };
}
