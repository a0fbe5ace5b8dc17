import { Command } from 'commander';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProject, projectName, projectNameFile } from '../../shared/project.ts';
import type { Cli } from '../context.ts';
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
      if (name !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(name)) throw usageError(`'${name}' is not of the form owner/repo.`);
      const existing = findProject(cli.cwd);
      const projectDir = existing ?? cli.cwd;
      const file = join(projectDir, '.dstack', 'workflows.yaml');
      mkdirSync(join(projectDir, '.dstack'), { recursive: true });
      if (existing === null) writeFileSync(file, firstWorkflows, { flag: 'wx' });
      if (name !== undefined) writeFileSync(projectNameFile(projectDir), `${name}\n`);
      const result = { project: projectName(projectDir), projectDir, created: existing === null ? file : null };
      if (options.json) return cli.json(result);
      cli.out.line(`The project is ${result.project}, in ${projectDir}.`);
      cli.out.line(
        existing === null
          ? 'Its first workflow is in .dstack/workflows.yaml: `dstack run hello` runs it.'
          : '`dstack run` lists its workflows.',
      );
    });

const firstWorkflows = `# The workflows of this project. \`dstack run NAME\` runs one, \`dstack check\` checks this file.
workflows:
  - name: hello
    help: Says hello
    provider: bash
    commands:
      - echo "hello from \${{ run.name }}"

  # - name: train
  #   provider: bash
  #   python: "3.11"
  #   deps:
  #     - :some_tag              # or the name of a workflow: its last run that succeeded
  #   setup:
  #     - pip install -r requirements.txt
  #   commands:
  #     - python train.py \${{ run.args }}
  #   artifacts: [checkpoint]    # folders to keep
  #   resources:
  #     gpu: 1
`;
