import { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { findProject, projectName, projectNameFile } from '../../shared/project.ts';
import type { Cli } from '../context.ts';
import { writeFirstWorkflows } from '../first-use/template.ts';
import { examples, usageError } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('init')
    .description('Make this folder a project: a first .dstack/workflows.yaml, and a name where Git gives none.')
    .option('--name <owner/repo>', "The project's name, instead of that of the Git remote or the folder.")
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack init', 'begin here'],
        ['dstack init --name lab/mnist', 'under a name of your own'],
      ]),
    )
    .action((options: { name?: string; json?: boolean }) => {
      const { name } = options;
      if (name !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(name))
        throw usageError(`'${name}' is not of the form owner/repo.`, 'For example: dstack init --name lab/mnist');
      const existing = findProject(cli.cwd);
      const projectDir = existing ?? cli.cwd;
      const first = existing === null ? writeFirstWorkflows(projectDir) : null;
      if (name !== undefined) writeFileSync(projectNameFile(projectDir), `${name}\n`);
      const result = { project: projectName(projectDir), projectDir, created: first?.file ?? null };
      if (options.json) return cli.json(result);
      cli.out.line(`The project is ${result.project}, in ${projectDir}.`);
      cli.out.line(
        first !== null
          ? `Its first ${first.names.length === 1 ? 'workflow is' : 'workflows are'} in .dstack/workflows.yaml: \`dstack run ${first.names[0]}\` runs ${first.names.length === 1 ? 'it' : 'one'}.`
          : '`dstack run` lists its workflows.',
      );
    });
