import { secretsAsVariables } from '../../shared/workflow/interpolate.ts';
import type { EnvironmentSpec } from '../providers/job-spec.ts';
import { pipInstall, type BuildCommand } from './build-script.ts';
import { environmentKey, type Ingredients } from './key.ts';
import { namedFiles } from './named-files.ts';
import { readRequirements, type Files, type Part } from './requirements.ts';
import { speakOfTheJob } from './variables.ts';

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
  /** the workflow's variables, with the names of secrets */
  env: Record<string, string>;
  files: Files;
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
  const common = { installation: rest.installation, owner: rest.owner, env: rest.env };
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
      extra: spec.server ?? null,
    });
    const shown = commands.map((command) => command.shown);
    stages.push({ kind: 'install', key, commands, shown, requirements: spec.requirements, inJob: null });
    from = key;
  }
  if (spec.setup.length > 0) {
    const key = environmentKey({
      ...common,
      from,
      commands: spec.setup,
      workingDir,
      files: await contents(namedFiles(files, workingDir, spec.setup)),
      extra: null,
    });
    const inJob = speakOfTheJob(template.setup) ? 'it speaks of what each job has of its own' : null;
    stages.push({ kind: 'setup', key, commands: spec.setup.map(commandOf), shown: spec.setup, requirements: null, inJob });
  }
  return stages;
}

/** Named by its last line, where it has several. */
const commandOf = (command: string): BuildCommand => ({
  shown: command.trim().split('\n').at(-1)?.trim() ?? '',
  run: secretsAsVariables(command),
});
