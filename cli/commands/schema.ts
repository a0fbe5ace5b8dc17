import { Command } from 'commander';
import type { Cli } from '../context.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('schema')
    .description('Print the JSON Schema of workflow files, for editors.')
    .addHelpText('after', examples([['dstack schema > workflows.schema.json', 'keep it in a file']]))
    .action(async () => {
      const { jsonSchema } = await import('../../shared/workflow/schema.ts');
      cli.json(jsonSchema());
    });
