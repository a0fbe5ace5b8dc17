import { Command } from 'commander';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('check')
    .description('Check workflow files: everything that is wrong, each at its line. Exit status 1 when something is.')
    .argument('[path...]', 'projects or files; none: the project around here')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack check', 'the project around here'],
        ['dstack check ../other .dstack/workflows/new.yaml', 'other projects and files'],
        ['dstack check --json', 'for programs'],
      ]),
    )
    .action(async (paths: string[], options: { json?: boolean }) => {
      const { checkPaths } = await import('../check-paths.ts');
      const { renderProblem } = await import('../../shared/workflow/problems.ts');
      const { problems, workflows } = await checkPaths(cli, paths);
      const wrong = problems.filter((problem) => problem.severity === 'error').length;
      if (wrong > 0) cli.exitCode = exitCodes.failure;
      if (options.json) return cli.json(problems);
      const color = cli.out.style('red', 'x') !== 'x';
      for (const problem of problems) cli.out.line(`${renderProblem(problem, { color, cwd: cli.cwd })}\n`);
      if (wrong > 0) cli.err.line(`${wrong} ${wrong === 1 ? 'problem' : 'problems'}.`);
      else cli.err.line(`${workflows} ${workflows === 1 ? 'workflow' : 'workflows'}, nothing wrong.`);
    });
